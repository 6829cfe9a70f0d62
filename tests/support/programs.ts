/** Programs that tests run and that set-up does not bring. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

interface WantedProgram {
  /** Any of these will do. */
  readonly names: readonly string[];
  /** What is left out without it, such as "The browser tests". */
  readonly tests: string;
  readonly debianPackage: string;
}

/** Where Debian puts servers, which is not on everybody's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/**
 * The path of a program. Says on the console how to get one if there is none.
 *
 * @throws if there is none where CI=true: a test that is left out there would be missed by nobody.
 */
export function findProgram({ names, tests, debianPackage }: WantedProgram): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_FOLDERS].filter(
    (folder) => folder !== '',
  );
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  if (found !== undefined) return found;
  const message = `No ${names.join(' or ')} is on the PATH: on Debian and Ubuntu, apt-get install ${debianPackage} brings one.`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`${tests} are left out. ${message}`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
