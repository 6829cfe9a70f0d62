/** The files of a dataset on this machine: looked at, and told apart from what no trainer could read. */
import { realpath } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { isDataFileName } from '../../contract/dataset.ts';
import { DataFault } from '../../data/dataFault.ts';
import { FileFormat, formatOfFile } from '../../data/fileFormat.ts';
import { readableBytes } from '../../process/readableBytes.ts';
import { digestRegularFile } from '../../process/regularFile.ts';

/** A file to add. */
export interface FoundFile {
  /** In the dataset. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Whether it lies in the folder of the trainers. */
  readonly isInFolder: boolean;
}

/** The most bytes of a file that is uploaded. */
const MOST_UPLOADED = 1024 ** 3;

/**
 * @param inFolder the folder of the trainers, as this machine has it.
 * @throws {DataFault} naming the file that is missing, empty, of another format, too large or named as another one.
 */
export async function findFiles(
  paths: readonly string[],
  inFolder: string | undefined,
): Promise<readonly FoundFile[]> {
  const folder = inFolder === undefined ? undefined : await realFolder(inFolder);
  const found: FoundFile[] = [];
  let first: { readonly path: string; readonly isParquet: boolean } | undefined;
  for (const path of paths) {
    const isParquet = (await formatOfFile(path)) === FileFormat.Parquet;
    first ??= { path, isParquet };
    if (first.isParquet !== isParquet)
      throw new DataFault(
        `all files must have one format, and ${first.path} is ${formatName(first.isParquet)}, ${path} ${formatName(isParquet)}`,
      );
    const shared = folder === undefined ? undefined : await nameIn(folder, path);
    const name = shared ?? basename(path);
    if (!isDataFileName(name))
      throw new DataFault(
        `${path} must have a name of at most 200 characters, without a backslash or a line end`,
      );
    const twin = found.find((other) => other.name === name);
    if (twin !== undefined)
      throw new DataFault(`two files of a dataset cannot have one name, got ${twin.path} and ${path}`);
    const { sha256, bytes } = await digestRegularFile(path);
    if (shared === undefined && bytes > MOST_UPLOADED)
      throw new DataFault(
        `${path} has ${readableBytes(bytes)}, and files of more than ${readableBytes(MOST_UPLOADED)} are not uploaded: put it into the folder DATASETS_DIR of the trainers, and name that with --in-folder`,
      );
    found.push({ name, path, sha256, bytes, isInFolder: shared !== undefined });
  }
  return found;
}

async function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new DataFault(`--in-folder must be a folder that is there, got ${folder} (${cause.code})`, {
      cause,
    });
  });
}

/** The path of a file below the folder; undefined if it lies elsewhere. */
async function nameIn(folder: string, path: string): Promise<string | undefined> {
  const name = relative(folder, await realpath(resolve(path)));
  return name.startsWith(`..${sep}`) ? undefined : name.split(sep).join('/');
}

function formatName(isParquet: boolean): string {
  return isParquet ? 'Parquet' : 'CSV';
}
