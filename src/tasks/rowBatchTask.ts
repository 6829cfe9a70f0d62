/** A task with many rows: from its rows to the chunks in the queue. All rows are accepted or none. */
import { endTask, withdrawnEnd } from '../broker/endTask.ts';
import { columnsDigest } from '../contract/digests.ts';
import { badValue } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import type { ChunkJob, Job, RowBatchJob } from '../contract/messages/job.ts';
import { chunkCountOf, hasChunk, MAX_BATCH_ROWS, rowsOfChunk } from '../contract/rowBatchShape.ts';
import { type FinishedTask, isFinal, type Task } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { InputColumns } from '../contract/values.ts';
import { checkRows, columnsAt, packColumns } from '../models/inputColumns.ts';
import type { Model } from '../models/models.ts';
import { largestBlobBytes } from '../models/outputBytes.ts';
import type { ChosenVersion } from '../rollout/offering.ts';
import { shapeOf } from './chunkSize.ts';
import { newHeader } from './jobHeader.ts';
import { resultBytesOf } from './resultBytes.ts';
import { isQueueFull, type Try } from './storing.ts';
import { checkOptions, labelsOf, TaskPriority } from './taskOptions.ts';
import type { AcceptanceParts, Asked, Question, TaskToAccept } from './taskToAccept.ts';
import type { TaskUse } from './taskUse.ts';

export interface RowBatchSubmission extends Asked {
  /** By GraphQL name; nothing about the values is taken for granted. */
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
}

export class RowBatchQuestion implements Question {
  readonly asked: Asked;
  readonly rowCount: number;
  readonly #parts: AcceptanceParts;
  readonly #use: TaskUse | undefined;
  /** Checked, as they were asked: times of `now` have not become instants. */
  #columns: InputColumns;

  /** @throws {RequestError} `BAD_USER_INPUT` naming the rows and fields that are wrong. */
  constructor(submission: RowBatchSubmission, parts: AcceptanceParts, use?: TaskUse) {
    const { model, inputs, options } = submission;
    if (inputs.length === 0 || inputs.length > MAX_BATCH_ROWS)
      throw badValue('inputs', `a list of 1 to ${MAX_BATCH_ROWS} rows`, `${inputs.length} rows`);
    this.#columns = checkRows(model.manifest, inputs);
    checkOptions(options);
    if (options.priority === TaskPriority.Interactive)
      throw badValue('priority', 'BULK or left out: batches have a lane of their own', options.priority);
    this.asked = submission;
    this.rowCount = inputs.length;
    this.#parts = parts;
    this.#use = use;
  }

  digest(): string {
    return columnsDigest(this.#columns, this.asked.options.modelVersion ?? undefined);
  }

  /** Room is looked for when its chunks are made. */
  admit(): Promise<void> | undefined {
    const placing = this.#parts.inputBlobs.placeColumns(this.asked, this.#columns);
    return placing?.then((columns) => {
      this.#columns = columns;
    });
  }

  newTask(version: ChosenVersion, now: number): RowBatchTask {
    const { options, model, owner } = this.asked;
    const { manifest } = model;
    const timeoutMs = options.timeoutMs ?? manifest.limits.timeoutMs;
    const address = this.#parts.bundles.placeAlone(manifest.name, owner, now + timeoutMs);
    const labels = labelsOf(options);
    const asked = { ...this.asked, timeoutMs, labels, requestId: options.requestId ?? undefined };
    const header = newHeader(asked, version, address, now);
    return this.sameTask({ ...header, batch: shapeOf(manifest, this.rowCount) }, address);
  }

  sameTask(job: Job | RowBatchJob, address: TaskAddress): RowBatchTask {
    if (!('batch' in job)) throw new Error('a request with the digest of many rows has the job of many rows');
    const { model } = this.asked;
    return new RowBatchTask(job, address, { model, columns: this.#columns }, this.#parts, this.#use);
  }
}

/** The rows of a batch, as they were asked. */
interface AskedRows {
  readonly model: Model;
  readonly columns: InputColumns;
}

class RowBatchTask implements TaskToAccept {
  readonly job: RowBatchJob;
  readonly address: TaskAddress;
  readonly use: TaskUse | undefined;
  readonly #rows: AskedRows;
  readonly #parts: AcceptanceParts;
  /** Cut once there is room for them. */
  #chunks: readonly ChunkJob[] = [];

  constructor(
    job: RowBatchJob,
    address: TaskAddress,
    rows: AskedRows,
    parts: AcceptanceParts,
    use: TaskUse | undefined,
  ) {
    this.job = job;
    this.address = address;
    this.use = use;
    this.#rows = rows;
    this.#parts = parts;
  }

  async admit(): Promise<void> {
    const { admission, quotas } = this.#parts;
    const { queue, chunks } = admission;
    const { model, batch } = this.job;
    const count = chunkCountOf(batch);
    // Counted before the first question to the broker: others of the owner may come meanwhile.
    if (this.use !== undefined)
      quotas.admit(this.use, {
        rows: batch.rowCount,
        bytes: () => encodeMessage(packColumns(this.#rows.columns, 0, batch.rowCount)).length,
        resultBytes: () => resultBytesOf(this.job, this.#rows.model.manifest),
        blobBytes: () => blobBytesOf(this.#rows, batch.rowCount),
      });
    await chunks.admit(count);
    await queue.requireRoom(model, 1 + count);
    this.#chunks = chunksOf(this.job, this.#rows);
    await queue.admit(model, [this.job, ...this.#chunks], this.use);
  }

  /**
   * Stores the job that stands for the batch, then its chunks.
   *
   * If the queue takes some of the chunks only, the batch is given its end, and they are removed. Under a `requestId`
   * or in a later try they stay for the next try until they expire: another try may be storing the rest at this moment.
   */
  async store({ again, giveUpAt }: Try): Promise<void> {
    const { job, address } = this;
    const { broker, storing } = this.#parts;
    const stored = again ? await this.#storedChunks() : new Set<number>();
    await storing.storeJob(job.model, giveUpAt, () => broker.storeRowBatchJob(job, address));
    const missing = this.#chunks.filter(({ chunk }) => !stored.has(chunk));
    const outcomes = await Promise.allSettled(
      missing.map((chunk) =>
        storing.storeJob(job.model, giveUpAt, () => broker.chunks.storeJob(chunk, address)),
      ),
    );
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (failures.length === 0) return;
    const refusal = failures.find(isQueueFull);
    // Chunks that were not confirmed may be there, and stay as well.
    if (refusal === undefined) throw failures[0];
    if (!again) await endTask(broker, await withdrawnEnd(broker, job, broker.now()), address);
    throw refusal;
  }

  async isIncomplete(present: Task): Promise<boolean> {
    const { batch } = present;
    if (batch === undefined || isFinal(present)) return false;
    const stored = [...(await this.#storedChunks())];
    return stored.filter((chunk) => hasChunk(batch, chunk)).length < chunkCountOf(batch);
  }

  /** Chunks that came too late are removed: no worker would take all of them off the queue. */
  async earlierEnd(): Promise<FinishedTask | undefined> {
    const { broker, open } = this.#parts;
    const end = await broker.ends.readTask(this.address, this.job.owner);
    if (end === undefined) return undefined;
    open.finish(end);
    await broker.removeRowBatch(this.address);
    return end;
  }

  /** The chunks that wait or have a result. The queue first: they leave it only after their result is stored. */
  async #storedChunks(): Promise<ReadonlySet<number>> {
    const { chunks } = this.#parts.broker;
    const queued = await chunks.queued(this.address);
    return queued.union(await chunks.finished(this.address.id));
  }
}

/** What the outputs of all rows may take in the store of blobs. */
function blobBytesOf({ model, columns }: AskedRows, rowCount: number): number {
  let bytes = 0;
  for (let row = 0; row < rowCount; row++)
    bytes += largestBlobBytes(model.manifest, (input) => columns[input]?.[row]);
  return bytes;
}

/** Times of `now` are those of the submission. */
function chunksOf(job: RowBatchJob, { model, columns: asked }: AskedRows): readonly ChunkJob[] {
  const columns = columnsAt(model.manifest, asked, () => job.submittedAt);
  return Array.from({ length: chunkCountOf(job.batch) }, (_, chunk) => {
    const { from, to } = rowsOfChunk(job.batch, chunk);
    return { ...job, chunk, columns: packColumns(columns, from, to) };
  });
}
