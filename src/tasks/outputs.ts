/**
 * The outputs of ended tasks that are tensors or bytes, as bytes. Small ones lie in the result, large ones in the store of
 * blobs. With the format `npy` a tensor has the header of NumPy's files before its elements.
 */
import { hash } from 'node:crypto';
import { type ReadableBytes, UNKNOWN_MEDIA_TYPE } from '../contract/blob.ts';
import { badValue, quoted, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import type { ReadingClient } from '../contract/principal.ts';
import { isFinal, type Task } from '../contract/task.ts';
import type { BytesValue, TensorBytes } from '../contract/tensor.ts';
import type { Value } from '../contract/values.ts';
import { isMediaOutput, isTensorOutput, tensorTypeOf } from '../models/manifest.ts';
import type { Model } from '../models/models.ts';
import { npyHeader } from '../models/npy.ts';
import { hasBytes } from '../models/valueBytes.ts';
import type { BlobReads } from './blobReads.ts';
import type { TaskReader } from './taskReader.ts';
import type { Tasks } from './tasks.ts';

export interface OutputsOptions {
  readonly reader: Pick<TaskReader, 'find'>;
  readonly tasks: Pick<Tasks, 'page'>;
  readonly models: readonly Model[];
  readonly reads: Pick<BlobReads, 'read'>;
  readonly limits: { readonly resultTtlS: number };
}

export interface AskedOutput {
  readonly taskId: string;
  /** The index of a row of a row batch; undefined for a task with one prediction. */
  readonly row: number | undefined;
  /** As it is called in GraphQL. */
  readonly name: string;
  readonly format: string | undefined;
}

/** The prediction of a task or of a row; empty if it has none. */
type Outcomes = Readonly<Record<string, Value | null | undefined>>;
type Content = Pick<ReadableBytes, 'etag' | 'bytes' | 'read'>;

const NPY = 'npy';
/** Of the pictures that a model makes. */
const PICTURE_MEDIA_TYPE = 'image/png';
const NPY_MEDIA_TYPE = 'application/x-npy';

export class Outputs {
  readonly #options: OutputsOptions;

  constructor(options: OutputsOptions) {
    this.#options = options;
  }

  /**
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `TASK_UNFINISHED`, `NO_PREDICTION`, `BAD_USER_INPUT` for
   *   another format, `BROKER_UNAVAILABLE`, `GATEWAY_BUSY`; `BLOB_NOT_FOUND`, also while it is read.
   */
  async open(client: ReadingClient, { taskId, row, name, format }: AskedOutput): Promise<ReadableBytes> {
    const { reader, models, limits } = this.#options;
    if (format !== undefined && format !== NPY)
      throw badValue('format', `${NPY} or left out`, quoted(format));
    const task = await reader.find(taskId, client.readable);
    const value = bytesIn(await this.#valuesOf(task, row), name, task.id);
    const content = this.#contentOf(value, client.owner, task.owner);
    const expiresAt = (task.finishedAt ?? task.submittedAt) + limits.resultTtlS * 1_000;
    const model = models.find(({ manifest }) => manifest.name === task.model);
    const field = model?.manifest.outputs.find((output) => output.name === name);
    const isPicture = field !== undefined && isMediaOutput(field) && field.kind === 'image';
    const mediaType = isPicture ? PICTURE_MEDIA_TYPE : UNKNOWN_MEDIA_TYPE;
    if (format === undefined) return { ...content, mediaType, expiresAt };
    const type = field !== undefined && isTensorOutput(field) ? tensorTypeOf(field) : undefined;
    if (type === undefined || type === 'string' || !('shape' in value))
      throw badValue('format', 'left out for what is no tensor', quoted(NPY));
    const withHeader = after(npyHeader(type, value.shape), content);
    return { ...withHeader, mediaType: NPY_MEDIA_TYPE, expiresAt };
  }

  /** @throws {RequestError} if the task has no prediction there, or not yet. */
  async #valuesOf(task: Task, row: number | undefined): Promise<Outcomes> {
    const { id, state, batch, prediction = {} } = task;
    if (row === undefined) {
      if (isFinal(task)) return prediction;
      throw new RequestError(
        RequestErrorCode.TaskUnfinished,
        `Task ${id} is ${state}: it has outputs once it has SUCCEEDED.`,
      );
    }
    if (batch === undefined || row >= batch.rowCount) return {};
    const { columns, rowCount } = await this.#options.tasks.page(task, { first: 1, after: row });
    if (rowCount > 0) return Object.fromEntries([...columns].map(([name, [value]]) => [name, value]));
    throw new RequestError(RequestErrorCode.TaskUnfinished, `Row ${row} of task ${id} has not been run.`);
  }

  #contentOf(value: BytesValue | TensorBytes, client: Owner, owner: Owner): Content {
    if ('base64' in value) {
      const bytes = Buffer.from(value.base64, 'base64');
      const read = async function* (from: number, to: number) {
        yield bytes.subarray(from, to);
      };
      return { etag: hash('sha256', bytes, 'hex'), bytes: bytes.length, read };
    }
    const { reads } = this.#options;
    const blob = { digest: value.blob, bytes: value.bytes };
    return {
      etag: blob.digest,
      bytes: blob.bytes,
      read: (from, to) => reads.read({ client, owner, blob, from, to }),
    };
  }
}

/** @throws {RequestError} if there is no such output. */
function bytesIn(outcomes: Outcomes, name: string, taskId: string): BytesValue | TensorBytes {
  const value = Object.hasOwn(outcomes, name) ? outcomes[name] : undefined;
  if (hasBytes(value)) return value;
  const names = Object.keys(outcomes).filter((each) => hasBytes(outcomes[each]));
  const others = names.length === 0 ? 'There is none.' : `There is ${names.join(', ')}.`;
  throw new RequestError(
    RequestErrorCode.NoPrediction,
    `Task ${taskId} has no output of bytes called ${quoted(name)} there. ${others}`,
  );
}

/** Some bytes, and others after them. */
function after(header: Uint8Array, { etag, bytes, read }: Content): Content {
  const start = header.length;
  return {
    etag: `${etag}-${NPY}`,
    bytes: start + bytes,
    async *read(from, to) {
      if (from < start) yield header.subarray(from, to);
      if (to > start) yield* read(Math.max(0, from - start), to - start);
    },
  };
}
