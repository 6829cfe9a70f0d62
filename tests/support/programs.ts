/** Programs that tests run and that set-up does not install. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

interface WantedProgram {
  /** The possible names of the program. */
  readonly names: readonly string[];
  /** The tests that are skipped without it, such as "The browser tests". */
  readonly tests: string;
  readonly debianPackage: string;
}

/** Debian's folders for servers, which are not always on the PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/**
 * The path of a program. If there is none, the console shows how to install it.
 *
 * @throws if there is none and CI=true, since skipped tests would not be noticed there.
 */
export function findProgram({ names, tests, debianPackage }: WantedProgram): string | undefined {
  const found = programPath(names);
  if (found !== undefined) return found;
  const message = `No ${names.join(' or ')} is on the PATH: on Debian and Ubuntu, apt-get install ${debianPackage} brings one.`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`${tests} are left out. ${message}`);
  return undefined;
}

/** The path of the first program that there is: on the PATH, in folders for servers, or in others. */
export function programPath(
  names: readonly string[],
  otherFolders: readonly string[] = [],
): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS, ...otherFolders].filter(
    (folder) => folder !== '',
  );
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
