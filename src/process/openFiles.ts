/**
 * How many connections the limit of open files leaves room for. Each connection is an open file; a process that has none
 * left cannot read a model's folder or reach the broker either, so some are kept from connections.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../contract/errors.ts';
import type { Logger } from './log.ts';

/** For the broker, the models, the log, Node's own, and connections that are being refused. */
const KEPT_FILES = 128;

export interface WantedConnections {
  /** As MAX_CONNECTIONS. */
  readonly wanted: number;
  /** Whether somebody asked for so many: it is no news that a limit is below the default. */
  readonly isAskedFor: boolean;
  readonly log: Logger;
  /** @default that of this process */
  readonly limit?: number;
}

/**
 * @returns how many may be taken: fewer than wanted, with a line in the log, where the limit is lower.
 * @throws {ConfigurationError} if the limit leaves room for none.
 */
export function connectionsWithin({
  wanted,
  isAskedFor,
  log,
  limit = openFilesLimit(),
}: WantedConnections): number {
  const room = limit - KEPT_FILES;
  if (room >= wanted) return wanted;
  if (room < 1)
    throw new ConfigurationError(
      `the limit of open files must be above ${KEPT_FILES}, got ${limit}: raise it with ulimit -n`,
    );
  log[isAskedFor ? 'warn' : 'info'](
    { openFiles: limit, maxConnections: room },
    `MAX_CONNECTIONS is ${wanted}, but the limit of open files leaves room for ${room}: raise it with ulimit -n, or lower MAX_CONNECTIONS`,
  );
  return room;
}

/** The soft limit, which Node has raised to the hard one when it started. Infinity: none, or nobody can tell. */
function openFilesLimit(): number {
  try {
    const limit =
      process.platform === 'linux'
        ? /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
        : execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' });
    return Number.parseInt(limit ?? '', 10) || Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
