/** Reads the blobs that the rows of a job name, before the rows run. */
import { BlobGone, type BlobStore } from '../src/broker/broker.ts';
import type { Owner } from '../src/contract/owner.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { BlobReference, FetchedBlob } from '../src/contract/tensor.ts';
import type { InputColumns, Value } from '../src/contract/values.ts';
import {
  isPlainInput,
  isTensorInput,
  type Manifest,
  type ManifestInput,
  tensorTypeOf,
} from '../src/models/manifest.ts';
import { elementFault } from '../src/models/tensorInput.ts';
import { namesBlob } from '../src/models/valueBytes.ts';
import type { BlobBudget } from './blobBudget.ts';

export interface WorkerBlobs {
  readonly store: BlobStore;
  readonly budget: BlobBudget;
}

interface RowsWithBlobs {
  readonly manifest: Manifest;
  readonly owner: Owner;
  readonly columns: InputColumns;
  readonly rows: readonly number[];
}

interface FetchedRows {
  readonly columns: InputColumns;
  /** By row that cannot run. */
  readonly errors: ReadonlyMap<number, TaskError>;
  /** Gives the bytes back to the budget. */
  readonly held: Disposable;
}

/** A blob that a row names. */
interface Named {
  readonly input: ManifestInput;
  readonly row: number;
  readonly value: BlobReference;
}

/** Whether any value of the columns is a blob. Those of plain inputs, which most models have only, are not looked at. */
export function haveBlobs({ inputs }: Manifest, columns: InputColumns): boolean {
  return inputs.some((input) => !isPlainInput(input) && columns[input.name]?.some(namesBlob));
}

/**
 * @returns the columns in which each blob of the rows has its bytes.
 * @throws {RequestError} `BROKER_UNAVAILABLE`.
 */
export async function fetchBlobs(
  { manifest, owner, columns, rows }: RowsWithBlobs,
  { store, budget }: WorkerBlobs,
): Promise<FetchedRows> {
  const named = manifest.inputs.flatMap((input) =>
    rows.flatMap((row): readonly Named[] => {
      const value = columns[input.name]?.[row];
      return namesBlob(value) ? [{ input, row, value }] : [];
    }),
  );
  const sizes = new Map(named.map(({ value }) => [value.blob, value.bytes]));
  const held = await budget.take(sizes.values().reduce((sum, bytes) => sum + bytes, 0));
  try {
    const fetched = new Map<string, FetchedBlob['data'] | BlobGone>();
    for (const [digest, bytes] of sizes)
      fetched.set(digest, await store.readAll(owner, { digest, bytes }).catch(onlyGone));
    const changed = new Map<string, Value[]>();
    const errors = new Map<number, TaskError>();
    for (const { input, row, value } of named) {
      const data = fetched.get(value.blob);
      if (data === undefined) throw new Error('each blob that is named was read');
      const error = errorOf(input, value, data);
      if (error !== undefined) errors.set(row, error);
      const column = changed.get(input.name) ?? [...(columns[input.name] ?? [])];
      changed.set(input.name, column);
      if (!(data instanceof BlobGone)) column[row] = { ...value, data } as FetchedBlob;
    }
    return { columns: { ...columns, ...Object.fromEntries(changed) }, errors, held };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** @throws the error, unless it says that the blob is gone. */
function onlyGone(error: unknown): BlobGone {
  if (error instanceof BlobGone) return error;
  throw error;
}

/** Why a row cannot run with a blob. The gateway has checked its size only. */
function errorOf(
  input: ManifestInput,
  { blob }: BlobReference,
  data: FetchedBlob['data'] | BlobGone,
): TaskError | undefined {
  if (data instanceof BlobGone)
    return {
      code: TaskErrorCode.BlobGone,
      message: `${input.name} must be a blob that is there until the task ends, got ${blob}. ${data.message} Store it again.`,
    };
  const type = tensorTypeOf(input);
  if (!isTensorInput(input) || type === 'string') return undefined;
  const fault = elementFault(input, type, data);
  if (fault === undefined) return undefined;
  return {
    code: TaskErrorCode.InvalidInput,
    message: `${input.name} must be ${fault.expected}, got ${fault.got}`,
  };
}
