/**
 * A chunk of a row batch in a worker's hands. Its rows belong to one task, so their outcomes are gathered, and stored
 * together, write-once. The worker that stores the last result of a row batch also writes its end.
 *
 * A chunk leaves its queue only after that. If a worker dies in between, another one gets the chunk, finds its result
 * and counts again.
 */
import type { Delivery } from '../src/broker/broker.ts';
import { overdueEnd, rowBatchEnd } from '../src/broker/endTask.ts';
import { messageOf } from '../src/contract/errors.ts';
import type { ChunkResult } from '../src/contract/messages/chunkResult.ts';
import { MESSAGE_VERSION } from '../src/contract/messages/decoder.ts';
import { commonOf, partOfTask } from '../src/contract/messages/ends.ts';
import { decodeChunkJob, type QueuedChunkJob } from '../src/contract/messages/job.ts';
import type { Owner } from '../src/contract/owner.ts';
import { rowsOfChunk } from '../src/contract/rowBatchShape.ts';
import type { FinishedTask, RowError } from '../src/contract/task.ts';
import { parseTaskId, type TaskAddress } from '../src/contract/taskId.ts';
import { taskFields } from '../src/contract/trace.ts';
import { type Answer, type AnswerColumns, valueColumns } from './answer.ts';
import { Assignment, type Outcome, type SettleOptions } from './assignment.ts';
import { haveLargeAnswers, placeLargeAnswers } from './outputBlobs.ts';
import type { RunningTask } from './runNotices.ts';
import { storeEnds, untilStored } from './settle.ts';

/** Time between two notices about a chunk. */
const TELL_EVERY_MS = 100;
/** The longest message of a row's error: a thousand must fit into one message of the broker. */
const MESSAGE_CHARACTERS = 200;

export class ChunkAssignment extends Assignment {
  protected readonly hasPast: boolean;
  protected readonly owner: Owner;
  readonly #job: QueuedChunkJob;
  readonly #address: TaskAddress;
  /** The index of its first row in the row batch. */
  readonly #firstRow: number;
  readonly #rowCount: number;
  readonly #values: ReadonlyMap<string, (Answer | null)[]>;
  readonly #errors: RowError[] = [];
  #rowsDone = 0;
  #isOverdue = false;
  /** What an earlier delivery has stored. */
  #stored: ChunkResult | undefined;
  #startedAt: number | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @throws as every decoder does, see `decoderOf`. */
  constructor(delivery: Delivery, options: SettleOptions) {
    const job = decodeChunkJob(delivery.data, delivery.subject);
    const { from, to } = rowsOfChunk(job.batch, job.chunk);
    const jobRows = { packed: job.columns, rowCount: to - from, submittedAt: () => job.submittedAt };
    super(delivery, jobRows, options);
    this.#job = job;
    const address = parseTaskId(job.taskId);
    if (address === undefined) throw new Error('a job that was decoded names a task');
    this.#address = address;
    this.#firstRow = from;
    this.#rowCount = to - from;
    const empty = () => new Array<Answer | null>(to - from).fill(null);
    this.#values = new Map(options.manifest.outputs.map(({ name }) => [name, empty()]));
    this.owner = job.owner;
    this.hasPast = delivery.deliveryCount > 1;
  }

  deadlineOf(): number {
    return this.#job.deadline;
  }

  suspectAt(row: number) {
    const { taskId, chunk } = this.#job;
    return { taskId, place: { chunk, row: this.#firstRow + row } };
  }

  traceOf(): string | undefined {
    return this.#job.trace;
  }

  tracesOf(): readonly string[] {
    const { trace } = this.#job;
    return trace === undefined ? [] : [trace];
  }

  /** The log of a row batch would be as long as it has rows. Errors of rows tell what became of them. */
  note(): void {}

  started(_rows: readonly number[], startedAt: number): () => readonly RunningTask[] {
    this.#startedAt ??= startedAt;
    this.#tellNowAndThen();
    return () => [];
  }

  end(rows: readonly number[], outcome: Outcome): void {
    if (outcome === 'expired') this.#isOverdue = true;
    else if ('columns' in outcome) this.#keepValues(rows, outcome.columns);
    else {
      const { code, message } = outcome.error;
      const short = message.slice(0, MESSAGE_CHARACTERS);
      for (const row of rows) this.#errors.push({ row: this.#firstRow + row, code, message: short });
    }
    this.#rowsDone += rows.length;
    this.#tellNowAndThen();
    if (this.#rowsDone < this.#rowCount) return;
    this.#tell();
    this.settle(() => (this.#isOverdue ? this.#endOverdue() : this.#store()));
  }

  protected async readPast(): Promise<void> {
    const { broker } = this.options;
    const { taskId, batch, chunk } = this.#job;
    this.#stored = await broker.chunks.read(taskId, batch, chunk);
    for (const [row, runs] of await broker.readSuspectRows(taskId, chunk))
      this.soloRuns.set(row - this.#firstRow, runs);
  }

  protected get endlessRows(): readonly number[] {
    return this.#stored === undefined ? Array.from({ length: this.#rowCount }, (_, row) => row) : [];
  }

  protected openRows(): readonly number[] {
    const stored = this.#stored;
    if (stored === undefined) return this.endlessRows;
    this.settle(() => this.#endWith(stored));
    return [];
  }

  #keepValues(rows: readonly number[], columns: AnswerColumns): void {
    for (const [name, values] of this.#values) {
      const column = columns[name] ?? [];
      for (const [i, row] of rows.entries()) values[row] = column[i] ?? null;
    }
  }

  async #store(): Promise<boolean> {
    const { broker } = this.options;
    const { taskId, batch, chunk } = this.#job;
    const finishedAt = broker.now();
    const answered = await this.#answers();
    if (answered === undefined) return false;
    const { columns, errors, signal } = answered;
    const ran: ChunkResult = {
      v: MESSAGE_VERSION,
      taskId,
      chunk,
      startedAt: this.#startedAt ?? finishedAt,
      finishedAt,
      rowsFailed: errors.length,
      columns,
      errors: errors.toSorted((a, b) => a.row - b.row),
    };
    const storeOrRead = async () => {
      const outcome = await broker.chunks.store(ran);
      if (outcome.type === 'stored') return ran;
      // It has a result already, or the store is full: the stream's leader knows which.
      const stored =
        outcome.type === 'unanswered' ? undefined : await broker.chunks.read(taskId, batch, chunk);
      return stored ?? outcome;
    };
    const stored = await untilStored(storeOrRead, this.#fields, { ...this.options, signal });
    return stored !== undefined && this.#endWith(stored);
  }

  /** The values and errors of all rows, with large values in the store of blobs; undefined if the worker has to stop. */
  async #answers() {
    const { manifest, signal } = this.options;
    const answers = Object.fromEntries(this.#values);
    if (!haveLargeAnswers(manifest, answers))
      return { columns: valueColumns(answers), errors: this.#errors, signal };
    const named = { ...this.#fields, owner: this.owner };
    const placed = await placeLargeAnswers(answers, named, this.options);
    if (placed === undefined) return undefined;
    const unplaced = [...placed.errors].map(([row, error]) => ({ row: this.#firstRow + row, ...error }));
    return { ...placed, errors: [...this.#errors, ...unplaced] };
  }

  /** The result of the chunk is stored. If it is the last one, the row batch ends. */
  #endWith(stored: ChunkResult): Promise<boolean> {
    const { broker } = this.options;
    const { taskId, batch } = this.#job;
    const findEnd = async () => {
      const tally = await broker.chunks.wholeTally(taskId, batch, stored);
      return tally && rowBatchEnd(this.#task, tally, broker.now());
    };
    // Chunks that are done are removed by their workers.
    return this.#endTask(findEnd, () => broker.removeRowBatchJob(this.#address));
  }

  #endOverdue(): Promise<boolean> {
    const { broker } = this.options;
    const findEnd = () => overdueEnd(broker, this.#task, broker.now());
    return this.#endTask(findEnd, () => broker.removeRowBatch(this.#address));
  }

  /** The row batch in the log. */
  get #fields() {
    return taskFields(this.#job.taskId, this.#job.trace);
  }

  get #task() {
    return { ...this.#job, attempts: this.delivery.deliveryCount };
  }

  /**
   * @param findEnd reads the end of the row batch; undefined if it is not there yet.
   * @param remove removes the rest of the row batch from its queue.
   */
  async #endTask(
    findEnd: () => Promise<FinishedTask | undefined>,
    remove: () => Promise<void>,
  ): Promise<boolean> {
    const address = this.#address;
    const found = await untilStored(async () => ({ end: await findEnd() }), this.#fields, this.options);
    if (found === undefined) return false;
    const { end } = found;
    if (end !== undefined) {
      const ends = { address, common: commonOf(end), part: partOfTask(end, address) };
      if (!(await storeEnds({ ...ends, fieldsOf: () => this.#fields }, this.options))) return false;
    }
    this.ack();
    try {
      if (end !== undefined) await remove();
    } catch (error) {
      // Otherwise the sweeper ends it at its deadline.
      const fields = { ...this.#fields, reason: messageOf(error) };
      this.options.log.debug(fields, 'a batch that has ended is still queued');
    }
    return true;
  }

  #tellNowAndThen(): void {
    if (performance.now() - this.#toldAt >= TELL_EVERY_MS) this.#tell();
  }

  /** Tells the gateways how far the chunk is. */
  #tell(): void {
    const { broker } = this.options;
    const { taskId, chunk } = this.#job;
    this.#toldAt = performance.now();
    broker.notices.announceRunning(this.#address.home, {
      taskIds: [taskId],
      startedAt: this.#startedAt ?? broker.now(),
      attempts: [this.delivery.deliveryCount],
      progress: { chunk, rowsDone: this.#rowsDone, rowsFailed: this.#errors.length },
    });
  }
}
