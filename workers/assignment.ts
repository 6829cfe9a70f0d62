/**
 * A job in a worker's hands: a bundle of tasks, or a chunk of a row batch. Its rows run together with those of other
 * jobs, or in several batches if they are many, and each row comes to its end. Only then the job leaves its queue. If
 * the process dies before that, the broker delivers the job again, and rows without an end are run again.
 */
import type { Broker, Delivery, JobSource } from '../src/broker/broker.ts';
import { RequestError } from '../src/contract/errors.ts';
import { NewerMessage } from '../src/contract/messages/decoder.ts';
import type { Run } from '../src/contract/messages/ends.ts';
import type { Suspect } from '../src/contract/messages/suspectMark.ts';
import type { Owner } from '../src/contract/owner.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { TaskLogEvent } from '../src/contract/taskLog.ts';
import { type TaskFields, taskFields } from '../src/contract/trace.ts';
import type { InputColumns } from '../src/contract/values.ts';
import { columnsAt, unpackColumns } from '../src/models/inputColumns.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { Logger } from '../src/process/log.ts';
import type { AnswerColumns } from './answer.ts';
import { fetchBlobs, haveBlobs, type WorkerBlobs } from './inputBlobs.ts';
import type { RunNotices, RunningTask } from './runNotices.ts';
import type { Session } from './session.ts';
import { forgetSuspects } from './settle.ts';
import type { WorkerEvents } from './workerEvents.ts';

/** What every step of a lane is given. */
export interface WorkerOptions {
  readonly source: JobSource;
  readonly session: Pick<Session, 'started' | 'hold'>;
  /** Does work once the session is free for it and the worker has a slot. `isWanted`: whether other work waits for it. */
  readonly inSlot: <T>(work: (isWanted: () => boolean) => Promise<T>) => Promise<T>;
  readonly broker: Broker;
  readonly blobs: WorkerBlobs;
  readonly manifest: Manifest;
  readonly version: string;
  readonly events: Pick<WorkerEvents, 'emit'>;
  /** Whether what happened to tasks is kept with their ends. */
  readonly keepsHistory: boolean;
  /** Left out of the reasons that clients see. */
  readonly modelsDir: string;
  readonly workerId: string;
  readonly log: Logger;
  readonly runNotices: RunNotices;
  /** Called with the number of tasks that this worker has given their end. */
  readonly onFinished: (tasks: number) => void;
  /** Aborted when the worker has to leave, even if the store still refuses results. */
  readonly signal: AbortSignal;
}

/** The collaborators for bringing tasks to their end. */
export type SettleOptions = Pick<
  WorkerOptions,
  | 'broker'
  | 'blobs'
  | 'manifest'
  | 'version'
  | 'events'
  | 'keepsHistory'
  | 'workerId'
  | 'log'
  | 'onFinished'
  | 'signal'
>;

/** How rows ended. Rows that expired, or are malformed, have no run. */
export type Outcome =
  | {
      /** By GraphQL name; one value for each of the rows. */
      readonly columns: AnswerColumns;
      readonly run: Run;
    }
  | { readonly error: TaskError; readonly run?: Run }
  | 'expired';

/** A job that only a newer worker can read is offered again after this time. */
export const NEWER_MESSAGE_DELAY_MS = 1_000;
/** A job whose ends could not be stored or read is delivered again after this time. */
const RETRY_DELAY_MS = 500;
/** The same after an error that was not foreseen. */
const FAILED_DELAY_MS = 5_000;

/** Some rows of a job. */
export interface Picked {
  readonly assignment: Assignment;
  readonly rows: readonly number[];
}

/** The rows of a job, as they came. */
interface JobRows {
  readonly packed: Readonly<Record<string, unknown>>;
  readonly rowCount: number;
  /** Broker time. */
  readonly submittedAt: (row: number) => number;
}

export abstract class Assignment {
  /** Whether rows may have ended, or be suspected, before they run here. */
  protected abstract readonly hasPast: boolean;
  protected abstract readonly owner: Owner;
  /** By row that may have killed a session, and so has to run alone: how often it has done so. */
  readonly soloRuns = new Map<number, number>();
  /** Resolves once the job has left this worker. */
  readonly gone: Promise<void>;
  protected readonly delivery: Delivery;
  protected readonly options: SettleOptions;
  /** By row that cannot run: why. */
  readonly #errors: Map<number, TaskError>;
  readonly #namesBlobs: boolean;
  #columns: InputColumns;
  /** The bytes of its blobs, in the budget of the worker. */
  #held: Disposable | undefined;
  readonly #leaving = Promise.withResolvers<void>();
  #isGone = false;

  constructor(delivery: Delivery, { packed, rowCount, submittedAt }: JobRows, options: SettleOptions) {
    this.delivery = delivery;
    this.options = options;
    const { columns, faults } = unpackColumns(options.manifest, packed, rowCount);
    this.#columns = columnsAt(options.manifest, columns, submittedAt);
    this.#errors = new Map([...faults].map(([row, fault]) => [row, malformed(fault)]));
    this.#namesBlobs = haveBlobs(options.manifest, this.#columns);
    this.gone = this.#leaving.promise;
  }

  /** Values that were checked, except for rows that cannot run. */
  get columns(): InputColumns {
    return this.#columns;
  }

  /** Whether `prepare` comes before `begin`. */
  get needsPreparation(): boolean {
    return this.hasPast || this.#namesBlobs;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * Reads what others have left (ends, and marks of suspects), and the blobs of rows. If that fails, the job is handed
   * back.
   */
  prepare(): Promise<void> {
    return this.#orHandBack(async () => {
      if (this.hasPast) await this.readPast();
      if (this.#namesBlobs) await this.#readBlobs();
    });
  }

  /** Ends the rows that cannot run. @returns the others that have no end yet. */
  begin(): readonly number[] {
    const open = this.openRows();
    if (this.#errors.size === 0) return open;
    return open.filter((row) => {
      const error = this.#errors.get(row);
      if (error !== undefined) this.#refuse(row, error);
      return error === undefined;
    });
  }

  /** Broker time. */
  abstract deadlineOf(row: number): number;

  /** The row in suspect marks. */
  abstract suspectAt(row: number): Suspect;

  /** W3C `traceparent` of the row's task, if it has one. */
  abstract traceOf(row: number): string | undefined;

  /** Those of several rows, as far as there are any. */
  abstract tracesOf(rows: readonly number[]): readonly string[];

  /** Keeps what happened to a row with its end, if that is wanted. */
  abstract note(row: number, event: TaskLogEvent, detail: string): void;

  /** The row in the log. */
  fieldsOf(row: number): Suspect & TaskFields {
    const suspect = this.suspectAt(row);
    return { ...suspect, ...taskFields(suspect.taskId, this.traceOf(row)) };
  }

  /** Called when rows run now. @returns the tasks to announce. */
  abstract started(rows: readonly number[], startedAt: number): () => readonly RunningTask[];

  /** Brings rows to their end. It is stored while other rows run; credit limits how much of that goes on at once. */
  abstract end(rows: readonly number[], outcome: Outcome): void;

  /** Gives the job to another worker. Rows that are being stored may end here all the same. */
  handBack(delayMs: number): void {
    this.#leave(() => this.delivery.handBack(delayMs));
  }

  protected abstract readPast(): Promise<void>;

  /** The rows that have no end yet, as far as is known. */
  protected abstract get endlessRows(): readonly number[];

  /** The same. If there are none, the job ends. */
  protected abstract openRows(): readonly number[];

  /** @param work stores ends. It answers false if the worker has to stop before. */
  protected settle(work: () => Promise<boolean>): void {
    const settle = async () => {
      if (!(await work())) this.handBack(RETRY_DELAY_MS);
    };
    // First the next batch is handed over. The session does not wait until messages are written.
    setImmediate(() => void this.#orHandBack(settle));
  }

  /** The job leaves its queue: each row has its end, and needs its mark no more. */
  protected ack(): void {
    this.#leave(() => this.delivery.ack());
    const suspects = [...this.soloRuns.keys()].map((row) => this.suspectAt(row));
    if (suspects.length > 0) void forgetSuspects(suspects, this.options);
  }

  #refuse(row: number, error: TaskError): void {
    const fields = { ...this.fieldsOf(row), code: error.code, reason: error.message };
    if (error.code === TaskErrorCode.MalformedJob) this.options.log.error(fields, 'malformed job');
    else this.options.log.warn(fields, 'a row cannot run');
    this.end([row], { error });
  }

  async #readBlobs(): Promise<void> {
    const { manifest, blobs } = this.options;
    const rows = this.endlessRows.filter((row) => !this.#errors.has(row));
    const { columns, errors, held } = await fetchBlobs(
      { manifest, owner: this.owner, columns: this.#columns, rows },
      blobs,
    );
    if (this.#isGone) held[Symbol.dispose]();
    this.#held = held;
    this.#columns = columns;
    for (const [row, error] of errors) this.#errors.set(row, error);
  }

  async #orHandBack(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.handBack(this.#delayAfter(error));
    }
  }

  #delayAfter(error: unknown): number {
    const { subject } = this.delivery;
    const { log } = this.options;
    if (error instanceof NewerMessage) return NEWER_MESSAGE_DELAY_MS;
    if (error instanceof RequestError) {
      log.debug({ subject, reason: error.message }, 'the past of a job could not be read');
      return RETRY_DELAY_MS;
    }
    log.error({ err: error, subject }, 'a job could not be settled');
    return FAILED_DELAY_MS;
  }

  #leave(verdict: () => void): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#held?.[Symbol.dispose]();
    verdict();
    this.#leaving.resolve();
  }
}

function malformed(fault: string): TaskError {
  return { code: TaskErrorCode.MalformedJob, message: `The job could not be read: ${fault}.` };
}
