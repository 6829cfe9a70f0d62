/** Files that only their owner may read, such as keys. */
import { rename, rm, writeFile } from 'node:fs/promises';

const PRIVATE_FILE = 0o600;

/** Replaces a file by one that only its owner may read. At no moment can others read it, or anybody a half of it. */
export async function writePrivately(file: string, text: string): Promise<void> {
  const next = `${file}.next`;
  await rm(next, { force: true });
  await writeFile(next, text, { mode: PRIVATE_FILE, flag: 'wx' });
  await rename(next, file);
}
