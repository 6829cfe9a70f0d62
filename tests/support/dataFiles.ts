/** Small data files, made on the fly, and a store of artifacts in memory for the steps that read them. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { BlobGone } from '../../src/broker/broker.ts';
import type { Artifacts } from '../../src/contract/artifact.ts';
import { datasetDigest } from '../../src/contract/dataset.ts';
import type { DatasetRecord } from '../../src/contract/messages/datasetRecord.ts';
import type { StepJob, StepResult } from '../../src/contract/messages/work.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { type DataFile, DataPlace } from '../../src/contract/work.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { manifestCheck } from '../../src/models/manifestCheck.ts';
import type { Step, StepContext } from '../../workers/training/step.ts';
import { MODELS, SILENT } from './models.ts';

/** Writes the rows of a query as Parquet. */
export async function writeParquetOf(path: string, query: string): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

export interface TestStore extends Artifacts {
  /** Stores a file under a name. */
  add(name: string, path: string): Promise<DataFile>;
}

export function openTestStore(): TestStore {
  const kept = new Map<string, Uint8Array>();
  return {
    find: async (digest) => {
      const bytes = kept.get(digest);
      return bytes && { bytes: bytes.length };
    },
    put: async (digest, content) => {
      const isNew = !kept.has(digest);
      kept.set(digest, new Uint8Array(await content.read(0, content.bytes)));
      return { isNew };
    },
    read: async function* (digest) {
      const bytes = kept.get(digest);
      if (bytes === undefined) throw new BlobGone(`there is no ${digest}`);
      yield bytes;
    },
    add: async (name, path) => {
      const bytes = await readFile(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      kept.set(sha256, bytes);
      return { name, sha256, bytes: bytes.length, place: DataPlace.Store };
    },
  };
}

/** A committed manifest, changed if wanted. */
export async function manifestOf(
  model: string,
  change: (manifest: Manifest) => object = () => ({}),
): Promise<Manifest> {
  const check = await manifestCheck();
  const file = join(MODELS, model, 'model.json');
  const committed = check(JSON.parse(await readFile(file, 'utf8')), model, file);
  return check(JSON.parse(JSON.stringify({ ...committed, ...change(committed) })), model, file);
}

/** What a step gave, and what it has written. */
export interface StepRun {
  readonly output: StepResult['output'];
  readonly note: string | undefined;
  readonly lines: readonly string[];
}

/** Runs a step as a trainer does: in an empty folder, which is removed afterwards. */
export async function runStep(
  step: Step,
  {
    manifest,
    artifacts,
    ask,
  }: { manifest: Manifest; artifacts: Artifacts; ask: Pick<StepJob, 'dataset' | 'training'> },
): Promise<StepRun> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-step-'));
  const lines: string[] = [];
  const job: StepJob = {
    v: 1,
    taskId: 'task',
    step: ask.dataset === undefined ? 'prepare' : 'check',
    model: manifest.name,
    owner: ANONYMOUS,
    submittedAt: 1_700_000_000_000,
    deadline: 1_800_000_000_000,
    ...ask,
  };
  const context: StepContext = {
    job,
    model: { manifest, versions: [], unreadable: [] },
    folder: folder.path,
    earlier: new Map(),
    artifacts,
    checkpoint: undefined,
    signal: AbortSignal.timeout(60_000),
    log: SILENT,
    report: () => {},
    note: () => {},
    write: (line) => lines.push(line),
    keep: async () => {},
  };
  const { output, note } = await step(context);
  return { output, note, lines };
}

/** What a client asks to check. */
export function datasetOf(name: string, files: readonly DataFile[]) {
  return { dataset: { name, digest: datasetDigest(files), files } };
}

/** The record of a dataset that was checked elsewhere. */
export function datasetRecord(members: Partial<DatasetRecord> & Pick<DatasetRecord, 'name'>): DatasetRecord {
  const files = members.files ?? [
    { name: 'a.csv', sha256: 'a'.repeat(64), bytes: 1, place: DataPlace.Store },
  ];
  return {
    v: 1,
    digest: datasetDigest(files),
    model: 'trip-duration',
    owner: ANONYMOUS,
    taskId: 'task',
    createdAt: 1_700_000_000_000,
    usable: true,
    rowCount: 1,
    duplicates: 0,
    problems: [],
    columns: [],
    profile: [],
    ...members,
    files,
  };
}

/** Puts a copy of a file into a folder, under a path. */
export async function copyInto(folder: string, name: string, path: string): Promise<void> {
  const target = join(folder, name);
  await mkdir(dirname(target), { recursive: true });
  await cp(path, target);
}

export async function writeText(path: string, text: string): Promise<string> {
  await writeFile(path, text);
  return path;
}
