/** The file that is scored, before anything is made of it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../errors.ts';
import { Database } from './database.ts';
import { type FileColumn, literal } from './sql.ts';
import { ScoreError } from './tidings.ts';

export interface InputFile {
  /** Hex SHA-256 of its content. */
  readonly digest: string;
  readonly columns: readonly FileColumn[];
}

/** @throws {ScoreError} if it cannot be read, or has no rows. */
export async function describeFile(file: string, signal: AbortSignal): Promise<InputFile> {
  const { size } = await statFile(file);
  if (size === 0) throw new ScoreError(`${file} is empty`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return { digest: hash.digest('hex'), columns: await columnsOf(file, signal) };
}

/** What reads a file, in SQL. The columns of a CSV are texts: what they stand for is found out for each row. */
export function readerOf(file: string): string {
  return extname(file).toLowerCase() === '.parquet'
    ? `read_parquet(${literal(file)})`
    : `read_csv(${literal(file)}, all_varchar = true, header = true, skip = 0, allow_quoted_nulls = false)`;
}

/** @throws {ScoreError} whose text is a line. */
export function unreadable(file: string, cause: unknown): ScoreError {
  const [reason] = messageOf(cause).split('\n');
  return new ScoreError(`${file} cannot be read: ${reason}`, { cause });
}

async function statFile(file: string) {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile()) return found;
  throw new ScoreError(`${file} must be a file that can be read`);
}

async function columnsOf(file: string, signal: AbortSignal): Promise<readonly FileColumn[]> {
  await using database = await Database.open(signal);
  try {
    const columns = await database.rows(`DESCRIBE SELECT * FROM ${readerOf(file)}`);
    const rows = await database.rows(`SELECT 1 FROM ${readerOf(file)} LIMIT 1`);
    if (rows.length === 0) throw new ScoreError(`${file} has no rows`);
    return columns.map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    throw error instanceof ScoreError ? error : unreadable(file, error);
  }
}
