/** What the file system knows of a file. */
import { stat } from 'node:fs/promises';

/** Who may do what with a file or a folder, such as `600`. */
export async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
