/** DuckDB, which only some commands need and which is not built for every system: an optional dependency. */
import type * as DuckDB from '@duckdb/node-api';
import { messageOf } from '../contract/errors.ts';

/** A package that is not there, or does not run on this machine; the message says what to do. */
export class PackageMissing extends Error {}

/** @param what needs it, as the message says it. @throws {PackageMissing} */
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
