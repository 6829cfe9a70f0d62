/** Files that a person chose or dropped, with their folders. */
import { PageProblem } from '../../api/refusal.ts';

export interface PickedFile {
  /** With the folders that were chosen, `/` between names. */
  readonly path: string;
  readonly file: File;
}

/** The files below what was dropped. Folders are read. @param limit of files. */
export async function filesIn(dropped: DataTransfer, limit: number): Promise<readonly PickedFile[]> {
  // The items are there only until the event is over, so all are asked for before the first wait.
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const files: PickedFile[] = [];
  for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
    if (isFile(entry)) files.push({ path: entry.fullPath.slice(1), file: await fileOf(entry) });
    else if (isFolder(entry)) entries.push(...(await entriesOf(entry)));
    if (files.length > limit) throw new PageProblem(`Choose ${limit} files at most, got more.`);
  }
  return files;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // It gives a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
