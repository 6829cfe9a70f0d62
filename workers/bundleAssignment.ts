/** A bundle in a worker's hands: each row is a task, with a deadline and an end of its own. */
import type { Delivery } from '../src/broker/broker.ts';
import { overduePart } from '../src/broker/endTask.ts';
import {
  addressIn,
  decodeBundle,
  jobIn,
  partOf,
  type QueuedBundle,
} from '../src/contract/messages/bundle.ts';
import { encodeMessage } from '../src/contract/messages/decoder.ts';
import { commonIn, type EndsPart, endedRows, partWithout } from '../src/contract/messages/ends.ts';
import type { Owner } from '../src/contract/owner.ts';
import { type TaskError, TaskErrorCode, TaskState, withShortMessage } from '../src/contract/task.ts';
import { TaskLogEvent } from '../src/contract/taskLog.ts';
import { taskFields } from '../src/contract/trace.ts';
import { keptInputs } from '../src/contract/values.ts';
import { valueColumns } from './answer.ts';
import { Assignment, type Outcome, type SettleOptions } from './assignment.ts';
import { haveLargeAnswers, placeLargeAnswers } from './outputBlobs.ts';
import { RowLogs } from './rowLogs.ts';
import type { RunningTask } from './runNotices.ts';
import { storeDeadLetter, storeEnds } from './settle.ts';

/** A task that waited for less was hardly canceled. If one was all the same, the store of ends keeps that end. */
const SHORT_WAIT_MS = 100;
/** Failures that are kept as dead letters, for a person to look at. */
const KEPT: ReadonlySet<TaskErrorCode> = new Set([
  TaskErrorCode.WorkerCrashed,
  TaskErrorCode.RunTimeout,
  TaskErrorCode.MalformedJob,
]);

export class BundleAssignment extends Assignment {
  protected readonly hasPast: boolean;
  protected readonly owner: Owner;
  readonly #bundle: QueuedBundle;
  /** By row: the runs here. */
  readonly #runs: number[];
  /** Undefined unless what happens is kept. */
  readonly #logs: RowLogs | undefined;
  /** Rows without an end, when the job was read. */
  #open: readonly number[];
  /** The number of rows whose end is not stored yet. */
  #left = 0;

  /** @throws as every decoder does, see `decoderOf`. */
  constructor(delivery: Delivery, options: SettleOptions) {
    const bundle = decodeBundle(delivery.data, delivery.subject);
    const { rows, submittedAt, columns: packed } = bundle;
    const jobRows = { packed, rowCount: rows.length, submittedAt: (row: number) => submittedAt[row] ?? 0 };
    super(delivery, jobRows, options);
    this.#bundle = bundle;
    this.#runs = rows.map(() => 0);
    this.#open = rows.map((_, row) => row);
    const waitedMs = options.broker.now() - (submittedAt[0] ?? 0);
    this.owner = bundle.owner;
    const { workerId, broker } = options;
    const { deliveryCount } = delivery;
    this.#logs = options.keepsHistory
      ? new RowLogs({ workerId, deliveryCount, now: () => broker.now() })
      : undefined;
    this.hasPast = deliveryCount > 1 || (rows.length > 1 && waitedMs > SHORT_WAIT_MS);
  }

  deadlineOf(row: number): number {
    return (this.#bundle.submittedAt[row] ?? 0) + this.#bundle.timeoutMs;
  }

  suspectAt(row: number) {
    return { taskId: addressIn(this.#bundle, row).id };
  }

  traceOf(row: number): string | undefined {
    return this.#bundle.traces?.[row] ?? undefined;
  }

  tracesOf(rows: readonly number[]): readonly string[] {
    const { traces } = this.#bundle;
    return traces === undefined ? [] : rows.flatMap((row) => traces[row] ?? []);
  }

  note(row: number, event: TaskLogEvent, detail: string): void {
    this.#logs?.note(row, event, detail);
  }

  started(rows: readonly number[]): () => readonly RunningTask[] {
    for (const row of rows) this.#runs[row] = (this.#runs[row] ?? 0) + 1;
    const { home } = this.#bundle.address;
    return () =>
      rows.map((row) => ({ home, taskId: addressIn(this.#bundle, row).id, attempts: this.#attempts(row) }));
  }

  end(rows: readonly number[], outcome: Outcome): void {
    // Only rows that expire end together although something happened to one of them alone.
    if (rows.length > 1 && this.#logs?.differ(rows)) for (const row of rows) this.#endAlike([row], outcome);
    else this.#endAlike(rows, outcome);
  }

  /** @param rows with the same log. */
  #endAlike(rows: readonly number[], outcome: Outcome): void {
    const part = this.#partOf(rows, outcome);
    const answers = typeof outcome === 'object' && 'columns' in outcome ? outcome.columns : undefined;
    this.settle(async () => {
      if (answers === undefined) return this.#store(rows, part);
      if (!haveLargeAnswers(this.options.manifest, answers))
        return this.#store(rows, { ...part, columns: valueColumns(answers) });
      const named = { ...this.fieldsOf(rows[0] ?? 0), owner: this.owner };
      const placed = await placeLargeAnswers(answers, named, this.options);
      if (placed === undefined) return false;
      const { columns, errors, signal } = placed;
      const failed = new Set([...errors.keys()].map((i) => part.rows[i] ?? 0));
      const others = partWithout({ ...part, columns }, failed);
      const kept = rows.filter((_, i) => !errors.has(i));
      if (others !== undefined && !(await this.#store(kept, others, signal))) return false;
      const { run } = part;
      for (const [i, error] of errors) {
        const row = rows.slice(i, i + 1);
        if (!(await this.#store(row, this.#partOf(row, { error, ...(run && { run }) })))) return false;
      }
      return true;
    });
  }

  /** @returns false if the worker has to stop before. */
  async #store(
    rows: readonly number[],
    part: EndsPart,
    signal: AbortSignal = this.options.signal,
  ): Promise<boolean> {
    if (part.error !== undefined && KEPT.has(part.error.code))
      for (const row of rows) await this.#bury(row, part.error);
    const { address } = this.#bundle;
    const fieldsOf = (i: number) => {
      const row = rows[i] ?? 0;
      return taskFields(addressIn(this.#bundle, row).id, this.traceOf(row));
    };
    const common = commonIn(this.#bundle);
    if (!(await storeEnds({ address, common, part, fieldsOf }, { ...this.options, signal }))) return false;
    this.#left -= rows.length;
    if (this.#left === 0) this.ack();
    return true;
  }

  protected async readPast(): Promise<void> {
    const { broker } = this.options;
    const ended = endedRows(await broker.ends.read(this.#bundle.address, this.#bundle.owner));
    this.#open = this.#open.filter((row) => !ended.has(this.#bundle.rows[row] ?? 0));
    if (this.delivery.deliveryCount > 1) await Promise.all(this.#open.map((row) => this.#readMark(row)));
  }

  protected get endlessRows(): readonly number[] {
    return this.#open;
  }

  protected openRows(): readonly number[] {
    this.#left = this.#open.length;
    if (this.#left === 0) this.ack();
    return this.#open;
  }

  async #readMark(row: number): Promise<void> {
    const { broker } = this.options;
    try {
      const mark = await broker.readSuspectMark(addressIn(this.#bundle, row).id);
      if (mark === undefined) return;
      this.soloRuns.set(row, mark.soloRuns);
      this.note(row, TaskLogEvent.Suspect, `ran alone ${mark.soloRuns} times before this delivery`);
    } catch {
      // Without the mark it runs alone: then it can harm no other task.
      this.soloRuns.set(row, 0);
    }
  }

  /** Runs started, as far as is known: earlier deliveries count as one each. */
  #attempts(row: number): number {
    return this.delivery.deliveryCount - 1 + (this.#runs[row] ?? 0);
  }

  async #bury(row: number, error: TaskError): Promise<void> {
    const { subject } = this.delivery;
    const data = Buffer.from(encodeMessage(jobIn(this.#bundle, row)));
    const dead = { ...this.fieldsOf(row), subject, data, error, attempts: this.#attempts(row) };
    await storeDeadLetter(dead, this.options);
  }

  /** Rows of one run, so that their numbers of attempts are equal. Their answers are left out. */
  #partOf(places: readonly number[], outcome: Outcome): EndsPart {
    const attempts = this.#attempts(places[0] ?? 0);
    const finishedAt = this.options.broker.now();
    const ended = partOf(this.#bundle, places);
    const log = this.#logs && { log: this.#logs.of(places[0] ?? 0) };
    if (outcome === 'expired') return { ...overduePart(ended, finishedAt), attempts, ...log };
    const { rows, secrets = '', submittedAt, version, history, labels, traces } = ended;
    const inputs = keptInputs(ended.columns, rows.length);
    const { workerId: worker } = this.options;
    const common = { rows, secrets, submittedAt, modelVersion: version, finishedAt, attempts, worker };
    return {
      ...common,
      ...(history === undefined ? {} : { history }),
      ...(labels === undefined ? {} : { labels }),
      ...(traces === undefined ? {} : { traces }),
      ...log,
      ...(inputs === undefined ? {} : { inputs }),
      ...('columns' in outcome
        ? { state: TaskState.Succeeded, run: outcome.run }
        : {
            state: TaskState.Failed,
            ...(outcome.run === undefined ? {} : { run: outcome.run }),
            error: withShortMessage(outcome.error),
          }),
    };
  }
}
