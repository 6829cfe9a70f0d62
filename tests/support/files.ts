/** Facts about files from the file system. */
import { stat } from 'node:fs/promises';

/** The access rights of a file or a folder, such as `600`. */
export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
