/**
 * Natural batching: when the session is free, a batch is the rows that have arrived, up to the limit. While it runs, the
 * next one gathers. That needs no timer. For a model that gains from fuller batches, a free session may wait
 * `maxWaitMs`; the wait begins with the first row.
 *
 * A batch has whole jobs: one that does not fit waits for the next batch. A job that is larger than a batch is cut. Once
 * no more rows can come into the next batch, it is encoded while the present one runs.
 *
 * Where shapes vary, a batch has the shape of the row that has waited for longest. Rows of other shapes wait for later
 * batches, and so does the rest of their job.
 */
import type { Delivery } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import { NewerMessage } from '../src/contract/messages/decoder.ts';
import { type Assignment, NEWER_MESSAGE_DELAY_MS, type Picked, type WorkerOptions } from './assignment.ts';
import { type EncodedRows, encodeRows } from './batchColumns.ts';
import { type RunShape, RunShapes } from './runShapes.ts';
import { settleUnreadable } from './settle.ts';

/** A row that runs alone. */
export interface Row {
  readonly assignment: Assignment;
  readonly row: number;
}

/** Rows that run together. */
export interface Batch {
  readonly picks: readonly Picked[];
  readonly size: number;
  /** How many rows it could have had. */
  readonly maxRows: number;
  readonly encoded: EncodedRows;
  /** Broker time. */
  readonly formedAt: number;
  /** Its number among the runs of its rows that this worker knows of, from 1. */
  readonly attempt: number;
  /** When this attempt began, broker time: the first one when the batch was formed. */
  readonly begunAt: number;
  /** Rows whose turn it is, too, but which may kill the session. They run afterwards, each alone. */
  readonly suspects: readonly Row[];
}

export interface BatchesOptions extends WorkerOptions {
  readonly maxRows: number;
  readonly maxWaitMs: number;
  /** Reads a job. Throws as every decoder does, see `decoderOf`. */
  readonly read: (delivery: Delivery) => Assignment;
}

/** Rows of one job and one shape. */
interface Waiting {
  readonly assignment: Assignment;
  readonly shape: RunShape;
  /** Those that are in no batch yet. */
  rows: readonly number[];
}

/** Rows for a batch, and how many there may be. */
interface Taken {
  readonly taken: readonly Picked[];
  readonly maxRows: number;
}

export class Batches {
  readonly #options: BatchesOptions;
  readonly #shapes: RunShapes;
  /** What waits for a batch, in the order of its arrival. */
  #waiting: Waiting[] = [];
  /** The number of rows that wait, by the key of their shape. */
  readonly #rowsWaiting = new Map<string, number>();
  /** Resolve once the jobs that this worker has had have left it. */
  readonly #leaving = new Set<Promise<void>>();
  /** The next batch, if it was formed ahead. */
  #ahead: Batch | undefined;
  #isEnded = false;
  #change = Promise.withResolvers<void>();

  constructor(options: BatchesOptions) {
    this.#options = options;
    this.#shapes = new RunShapes(options.manifest, options.maxRows);
    void this.#collect();
  }

  /** @returns true once a batch can be taken; false once no more will come. */
  async arrival(): Promise<boolean> {
    while (this.#waiting.length === 0 && this.#ahead === undefined) {
      if (this.#isEnded) return false;
      await this.#change.promise;
    }
    if (this.#options.maxWaitMs > 0 && this.#ahead === undefined) await this.#fill();
    return true;
  }

  /** The next batch. It is empty if its rows have expired, or if the worker stops. */
  take(): Batch {
    const batch = this.#ahead ?? this.#form();
    this.#ahead = undefined;
    // After this one was handed over.
    if (this.#isFull) setImmediate(() => this.#formAhead());
    return batch;
  }

  /** @returns whether no more rows can come into the next batch; false if another promise is settled before. */
  async isFullBefore(over: Promise<unknown>): Promise<boolean> {
    let isOver = false;
    const end = () => {
      isOver = true;
      this.#wake();
    };
    over.then(end, end);
    while (this.#ahead === undefined && !this.#isFull && !isOver && !this.#isEnded)
      await this.#change.promise;
    return !isOver && (this.#ahead !== undefined || this.#isFull);
  }

  /** Whether no more rows can come into the next batch. */
  get #isFull(): boolean {
    const [first] = this.#waiting;
    return first !== undefined && this.#rowsLike(first.shape) >= first.shape.maxRows;
  }

  /** Resolves once every job has left this worker. */
  async settled(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  async #collect(): Promise<void> {
    const { source } = this.#options;
    while (await source.arrival())
      for (const delivery of source.take(Number.POSITIVE_INFINITY)) this.#accept(delivery);
    this.#isEnded = true;
    const { picks = [], suspects = [] } = this.#ahead ?? {};
    this.#ahead = undefined;
    for (const { assignment } of [...picks, ...suspects, ...this.#waiting.splice(0)]) assignment.handBack(0);
    this.#rowsWaiting.clear();
    this.#wake();
  }

  #accept(delivery: Delivery): void {
    const { events, manifest, version } = this.#options;
    if (delivery.deliveryCount > 1) events.emit('redelivered', { model: manifest.name, version });
    const assignment = this.#read(delivery);
    if (assignment === undefined) return;
    this.#track(assignment.gone);
    if (assignment.needsPreparation) void assignment.prepare().then(() => this.#add(assignment));
    else this.#add(assignment);
  }

  /** @returns undefined if it could not be read. It is then settled, or handed back for a newer worker. */
  #read(delivery: Delivery): Assignment | undefined {
    try {
      return this.#options.read(delivery);
    } catch (error) {
      if (error instanceof NewerMessage) delivery.handBack(NEWER_MESSAGE_DELAY_MS);
      else this.#track(settleUnreadable(delivery, messageOf(error), this.#options));
      return undefined;
    }
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#leaving.delete(tracked));
    this.#leaving.add(tracked);
  }

  #add(assignment: Assignment): void {
    if (assignment.isGone) return;
    if (this.#isEnded) {
      assignment.handBack(0);
      return;
    }
    const rows = assignment.begin();
    if (rows.length === 0) return;
    const { only } = this.#shapes;
    if (only === undefined) this.#addByShape(assignment, rows);
    else this.#addRows({ assignment, shape: only, rows });
    this.#formAhead();
    this.#wake();
  }

  #addByShape(assignment: Assignment, rows: readonly number[]): void {
    const shapes = new Map<string, RunShape>();
    const byKey = Map.groupBy(rows, (row) => {
      const shape = this.#shapes.of((input) => assignment.columns[input]?.[row]);
      shapes.set(shape.key, shape);
      return shape.key;
    });
    for (const [key, shape] of shapes) this.#addRows({ assignment, shape, rows: byKey.get(key) ?? [] });
  }

  #addRows(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#rowsWaiting.set(waiting.shape.key, this.#rowsLike(waiting.shape) + waiting.rows.length);
  }

  #rowsLike({ key }: RunShape): number {
    return this.#rowsWaiting.get(key) ?? 0;
  }

  #formAhead(): void {
    if (this.#isFull) this.#ahead ??= this.#form();
  }

  #form(): Batch {
    const { broker, manifest } = this.#options;
    const formedAt = broker.now();
    const picks: Picked[] = [];
    const suspects: Row[] = [];
    const { taken, maxRows } = this.#takeRows();
    for (const { assignment, rows } of taken) {
      const overdue: number[] = [];
      const fresh: number[] = [];
      for (const row of rows) {
        if (assignment.deadlineOf(row) <= formedAt) overdue.push(row);
        else if (assignment.soloRuns.has(row)) suspects.push({ assignment, row });
        else fresh.push(row);
      }
      if (overdue.length > 0) assignment.end(overdue, 'expired');
      if (fresh.length > 0) picks.push({ assignment, rows: fresh });
    }
    return { ...batchOf(manifest, { picks, maxRows, formedAt, attempt: 1, begunAt: formedAt }), suspects };
  }

  #takeRows(): Taken {
    const [first] = this.#waiting;
    if (first === undefined) return { taken: [], maxRows: 0 };
    const { shape } = first;
    const taken: Picked[] = [];
    let left = shape.maxRows;
    for (const next of this.#waiting) {
      if (next.shape.key !== shape.key) continue;
      if (left === 0 || (next.rows.length > left && taken.length > 0)) break;
      const rows = next.rows.slice(0, left);
      taken.push({ assignment: next.assignment, rows });
      next.rows = next.rows.slice(left);
      left -= rows.length;
    }
    this.#waiting = this.#waiting.filter(({ rows }) => rows.length > 0);
    const rest = this.#rowsLike(shape) - (shape.maxRows - left);
    if (rest > 0) this.#rowsWaiting.set(shape.key, rest);
    else this.#rowsWaiting.delete(shape.key);
    return { taken, maxRows: shape.maxRows };
  }

  async #fill(): Promise<void> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake();
    }, this.#options.maxWaitMs);
    while (!this.#isFull && this.#ahead === undefined && !isOver && !this.#isEnded)
      await this.#change.promise;
    clearTimeout(timer);
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** A batch of rows that are not suspected. */
export function batchOf(
  manifest: WorkerOptions['manifest'],
  batch: Omit<Batch, 'size' | 'encoded' | 'suspects'>,
): Batch {
  const size = batch.picks.reduce((sum, { rows }) => sum + rows.length, 0);
  return { ...batch, size, encoded: encodeRows(manifest, batch.picks), suspects: [] };
}
