/** Datasets: files with a name, which a model is trained on. */
import { hash } from 'node:crypto';
import type { DataFile } from './work.ts';

/** It is a token of subjects. */
export const DATASET_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const LONGEST_FILE_NAME = 200;
/** File systems allow no longer name of a file or folder, in bytes. */
const LONGEST_PART_BYTES = 255;

/** The digest of a dataset: that of the names and digests of its files, in their order. */
export function datasetDigest(files: readonly Pick<DataFile, 'name' | 'sha256'>[]): string {
  return hash('sha256', JSON.stringify(files.map(({ name, sha256 }) => [name, sha256])), 'hex');
}

/** Whether a text names a file below a folder: a path such as `2021/january.parquet`, which never leads out of it. */
export function isDataFileName(text: string): boolean {
  const isPlain = text.length <= LONGEST_FILE_NAME && !/[\\\p{Cc}]/u.test(text);
  return isPlain && text.split('/').every(isPart);
}

function isPart(text: string): boolean {
  return !['', '.', '..'].includes(text) && Buffer.byteLength(text) <= LONGEST_PART_BYTES;
}
