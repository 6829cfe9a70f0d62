/** Finds out the format of a file by its content, because its name can be wrong. */
import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { DataFault } from './dataFault.ts';
import { conversion, type TextSource } from './utf8.ts';

export const FileFormat = { Parquet: 'parquet', Csv: 'csv', GzipCsv: 'csv.gz' } as const;
export type FileFormat = (typeof FileFormat)[keyof typeof FileFormat];

const PARQUET = 'PAR1';
const ENCRYPTED_PARQUET = 'PARE';
/** The bytes at the beginning of a file that are read to find out its format. */
export const HEAD_BYTES = 1_024;
const GZIP = '\x1f\x8b';

/** The beginnings of files that cannot be read, with advice. */
const REFUSED: readonly { readonly begin: RegExp; readonly problem: (source: TextSource) => string }[] = [
  { begin: /^\x28\xb5\x2f\xfd/, problem: () => 'is compressed by zstd: unpack it (zstd -d), or use gzip' },
  { begin: /^BZh[1-9]1AY&SY/, problem: () => 'is compressed by bzip2: unpack it (bunzip2), or use gzip' },
  { begin: /^\xfd7zXZ\0/, problem: () => 'is compressed by xz: unpack it (unxz), or use gzip' },
  { begin: /^PK\p{Cc}{2}/u, problem: () => 'is a ZIP or a spreadsheet (XLSX): save it as CSV' },
  { begin: /^(?:\xff\xfe\0\0|\0\0\xfe\xff)/, problem: (source) => insteadOfUtf8(source, 'UTF-32') },
  { begin: /^(?:\xff\xfe|\xfe\xff)/, problem: (source) => insteadOfUtf8(source, 'UTF-16') },
  { begin: /^[^\0]\0[^\0]\0/, problem: (source) => insteadOfUtf8(source, 'UTF-16LE') },
  { begin: /^\0[^\0]\0[^\0]/, problem: (source) => insteadOfUtf8(source, 'UTF-16BE') },
];

/** @throws {DataFault} if it is no regular file, or has a format that cannot be read. */
export async function formatOfFile(file: string): Promise<FileFormat> {
  await checkRegular(file);
  const { head, tail } = await endsOf(file);
  if (head.length === 0) throw new DataFault(`${file} is empty`);
  checkBeginning({ file, isGzip: false }, head);
  if (head.startsWith(PARQUET) && tail === PARQUET) return FileFormat.Parquet;
  if (tail === ENCRYPTED_PARQUET && head.startsWith(ENCRYPTED_PARQUET))
    throw new DataFault(`${file} is an encrypted Parquet file, which cannot be read`);
  if (extname(file).toLowerCase() === '.parquet' || (head.startsWith(PARQUET) && head.includes('\0')))
    throw new DataFault(
      `${file} cannot be read: a Parquet file begins and ends with ${PARQUET}, and this one does not. It is another format, or cut short`,
    );
  return head.startsWith(GZIP) ? FileFormat.GzipCsv : FileFormat.Csv;
}

/**
 * @param head the first bytes, a character each; for a gzip, those of its content.
 * @throws {DataFault} if the file has a format that cannot be read.
 */
export function checkBeginning(source: TextSource, head: string): void {
  const { file, isGzip } = source;
  const refused = REFUSED.find(({ begin }) => begin.test(head));
  if (refused !== undefined) throw new DataFault(`${file} ${refused.problem(source)}`);
  if (isGzip && head.startsWith(GZIP))
    throw new DataFault(`${file} is a gzip within a gzip: unpack one of them (gunzip)`);
  if (isGzip && head.startsWith(PARQUET) && head.includes('\0'))
    throw new DataFault(`${file} is a gzip of a Parquet file: unpack it (gunzip)`);
}

async function checkRegular(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error)
    throw new DataFault(
      `${file} must be a file that can be read, ${found.code === 'ENOENT' ? 'and is not there' : `got ${found.code}`}`,
      { cause: found },
    );
  if (found.isFile()) return;
  const kind = found.isDirectory() ? 'a folder' : found.isFIFO() ? 'a pipe' : 'a device or a socket';
  throw new DataFault(`${file} must be a file that can be read, got ${kind}`);
}

/** Reads the first bytes and the last four, a character each. */
async function endsOf(file: string): Promise<{ readonly head: string; readonly tail: string }> {
  const opened = await open(file).catch((cause: NodeJS.ErrnoException) => {
    throw new DataFault(`${file} must be a file that can be read, got ${cause.code}`, { cause });
  });
  try {
    const { size } = await opened.stat();
    const read = async (position: number, length: number) => {
      const { buffer, bytesRead } = await opened.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead).toString('latin1');
    };
    return { head: await read(0, HEAD_BYTES), tail: await read(Math.max(0, size - 4), 4) };
  } finally {
    await opened.close();
  }
}

function insteadOfUtf8(source: TextSource, encoding: string): string {
  return `must be UTF-8, got ${encoding}. Convert it: ${conversion(encoding, source)}`;
}
