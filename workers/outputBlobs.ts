/**
 * Puts large outputs into the store of blobs, before the ends that name them are stored. An end has to be stored within
 * `ENDS_WITHIN_MS` after that: otherwise the blobs could vanish before it does.
 */
import type { BlobStore } from '../src/broker/broker.ts';
import { blobOf } from '../src/contract/blob.ts';
import { RequestError, RequestErrorCode } from '../src/contract/errors.ts';
import type { Owner } from '../src/contract/owner.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { InlineBytes } from '../src/contract/tensor.ts';
import type { Value } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import { inlineBytesOf, isLargeValue } from '../src/models/valueBytes.ts';
import type { SettleOptions } from './assignment.ts';
import { untilStored } from './settle.ts';

const ENDS_WITHIN_MS = 60_000;

type Columns = Readonly<Record<string, readonly (Value | null)[]>>;

/** Whether any value of the columns is too large for a message. */
export function haveLargeValues({ outputs }: Pick<Manifest, 'outputs'>, columns: Columns): boolean {
  // Only tensors and files have bytes.
  if (!outputs.some((output) => 'shape' in output || 'kind' in output)) return false;
  const limit = inlineBytesOf(outputs);
  return Object.values(columns).some((column) => column.some((value) => isLargeValue(value, limit)));
}

/** The tasks whose outputs they are. */
interface Named {
  readonly taskId: string;
  readonly owner: Owner;
}

/** Columns for a message, which has to be stored before the signal aborts. */
interface Placed {
  readonly columns: Columns;
  readonly signal: AbortSignal;
}

/**
 * Stores large values, and puts a reference in place of each.
 *
 * @returns the error of all rows if the store is full; undefined if the worker has to stop before.
 */
export async function placeLargeValues(
  columns: Columns,
  named: Named,
  options: SettleOptions,
): Promise<Placed | { readonly error: TaskError } | undefined> {
  const { signal } = options;
  try {
    const place = async () => ({ columns: await placed(columns, named.owner, options) });
    const stored = await untilStored(() => place().catch(onlyPassing), named.taskId, options);
    return stored && { ...stored, signal: AbortSignal.any([signal, AbortSignal.timeout(ENDS_WITHIN_MS)]) };
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    const message = `There was no room for the outputs: ${error.message}`;
    return { error: { code: TaskErrorCode.BlobStoreFull, message } };
  }
}

async function placed(
  columns: Columns,
  owner: Owner,
  { manifest: { outputs }, blobs: { store } }: SettleOptions,
): Promise<Columns> {
  const limit = inlineBytesOf(outputs);
  const stored: Record<string, readonly (Value | null)[]> = {};
  for (const [name, column] of Object.entries(columns)) {
    const values: (Value | null)[] = [];
    for (const value of column) {
      const isLarge = isLargeValue(value, limit) && 'base64' in value;
      values.push(isLarge ? await storeBytes(value, owner, store) : value);
    }
    stored[name] = values;
  }
  return stored;
}

/** Outputs are not held until others expire, since they take the memory of the worker. */
class StoreFull extends Error {}

function onlyPassing(error: unknown): never {
  const isFull = error instanceof RequestError && error.code === RequestErrorCode.BlobStoreFull;
  throw isFull ? new StoreFull(error.message) : error;
}

async function storeBytes({ base64, ...shape }: InlineBytes, owner: Owner, store: BlobStore): Promise<Value> {
  const { digest, content } = blobOf(Buffer.from(base64, 'base64'));
  await store.put(owner, digest, content);
  return { ...shape, blob: digest, bytes: content.bytes };
}
