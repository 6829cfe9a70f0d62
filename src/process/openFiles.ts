/**
 * How many connections the limit of open files allows. Each connection is an open file. Some files are kept back: a
 * process without any could neither read a model's folder nor reach the broker.
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
  /** Whether the user set this number. A limit below the default is no warning. */
  readonly isAskedFor: boolean;
  readonly log: Logger;
  /** @default the limit of this process */
  readonly limit?: number;
}

/**
 * @returns how many connections may be open. If the limit is lower than wanted, they are fewer, and the log says so.
 * @throws {ConfigurationError} if the limit allows no connection.
 */
export function connectionsWithin({
  wanted,
  isAskedFor,
  log,
  limit = openFilesLimit(),
}: WantedConnections): number {
  const allowed = limit - KEPT_FILES;
  if (allowed >= wanted) return wanted;
  if (allowed < 1)
    throw new ConfigurationError(
      `the limit of open files must be above ${KEPT_FILES}, got ${limit}: raise it with ulimit -n`,
    );
  // A default that is lowered a little is worth no line.
  if (!isAskedFor && allowed >= wanted / 2) return allowed;
  log[isAskedFor ? 'warn' : 'info'](
    { openFiles: limit, maxConnections: allowed },
    `MAX_CONNECTIONS is ${wanted}, but the limit of open files leaves room for ${allowed}: raise it with ulimit -n, or lower MAX_CONNECTIONS`,
  );
  return allowed;
}

/** The soft limit. Node raises it to the hard one at its start. Infinity: there is no limit, or it is unknown. */
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
