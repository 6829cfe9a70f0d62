/** Loads DuckDB. It is an optional dependency: only some commands need it, and it is not built for every system. */
import type * as DuckDB from '@duckdb/node-api';
import { messageOf } from '../contract/errors.ts';

/** A package is missing, or does not run on this machine. The message says what to do. */
export class PackageMissing extends Error {
  override readonly name = 'PackageMissing';
}

/** @param what the command that needs it, for the message. @throws {PackageMissing} */
export async function loadDuckDb(what: string): Promise<typeof DuckDB> {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    const [reason = ''] = messageOf(cause).split('\n');
    throw new PackageMissing(
      `${what} needs the package @duckdb/node-api, which cannot be loaded here (${reason}). Install it with npm ci --include=optional; where DuckDB has no build for ${process.platform}-${process.arch}, run this on another machine.`,
      { cause },
    );
  }
}
