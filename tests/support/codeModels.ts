/** Models whose versions are code, in temporary models folders. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VersionCode } from '../../src/models/models.ts';
import { digestOfFiles, listFiles } from '../../src/models/versionFiles.ts';

export interface CodeVersion {
  /** The version's folder. */
  readonly folder: string;
  readonly code: VersionCode;
  /** Contents by path. A file that begins with `#!` can be run. */
  readonly files: Readonly<Record<string, string>>;
  /** Of numbers in golden rows. @default 1e-6 */
  readonly tolerance?: number | undefined;
  /** The golden rows. @default a number and the same number */
  readonly golden?: readonly { readonly input: object; readonly output: object }[] | undefined;
}

/** Writes a version that is code, with its records. */
export async function writeCodeVersion({ folder, code, files, ...golden }: CodeVersion): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
  await writeRecords({ folder, code, ...golden });
}

/** Writes `version.json` and `golden.json` for the files that a folder has. */
export async function writeRecords({
  folder,
  code,
  tolerance = 1e-6,
  golden = [{ input: { x: 1 }, output: { y: 1 } }],
}: Omit<CodeVersion, 'files'>): Promise<void> {
  const files = await listFiles(folder);
  const record = {
    ...code,
    sha256: digestOfFiles(files),
    files,
    created: '2026-01-01T00:00:00Z',
    trainedOn: ['nothing'],
    metrics: [],
  };
  await writeFile(join(folder, 'version.json'), JSON.stringify(record));
  await writeFile(join(folder, 'golden.json'), JSON.stringify({ tolerance, rows: golden }));
}
