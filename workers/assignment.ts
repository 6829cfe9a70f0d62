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
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { InputColumns } from '../src/contract/values.ts';
import { columnsAt, unpackColumns } from '../src/models/inputColumns.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { Logger } from '../src/process/log.ts';
import type { AnswerColumns } from './answer.ts';
import type { RunNotices, RunningTask } from './runNotices.ts';
import type { Session } from './session.ts';

/** What every step of a lane is given. */
export interface WorkerOptions {
  readonly source: JobSource;
  readonly session: Pick<Session, 'started' | 'hold'>;
  /** Does work once the session is free for it and the worker has a slot. `isWanted`: whether other work waits for it. */
  readonly inSlot: <T>(work: (isWanted: () => boolean) => Promise<T>) => Promise<T>;
  readonly broker: Broker;
  readonly manifest: Manifest;
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
  'broker' | 'manifest' | 'workerId' | 'log' | 'onFinished' | 'signal'
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
  /** Values that were checked, except for rows that cannot run. */
  readonly columns: InputColumns;
  /** Whether rows may have ended, or be suspected, before they run here. Then `recall` comes before `begin`. */
  abstract readonly needsRecall: boolean;
  /** By row that may have killed a session, and so has to run alone: how often it has done so. */
  readonly soloRuns = new Map<number, number>();
  /** Resolves once the job has left this worker. */
  readonly gone: Promise<void>;
  protected readonly delivery: Delivery;
  protected readonly options: SettleOptions;
  /** By row that cannot run: what is wrong with its values. */
  readonly #faults: ReadonlyMap<number, string>;
  readonly #leaving = Promise.withResolvers<void>();
  #isGone = false;

  constructor(delivery: Delivery, { packed, rowCount, submittedAt }: JobRows, options: SettleOptions) {
    this.delivery = delivery;
    this.options = options;
    const { columns, faults } = unpackColumns(options.manifest, packed, rowCount);
    this.columns = columnsAt(options.manifest, columns, submittedAt);
    this.#faults = faults;
    this.gone = this.#leaving.promise;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Reads what others have left: ends, and marks of suspects. If that fails, the job is handed back. */
  recall(): Promise<void> {
    return this.#orHandBack(() => this.readPast());
  }

  /** Ends the rows that cannot run. @returns the others that have no end yet. */
  begin(): readonly number[] {
    const open = this.openRows();
    if (this.#faults.size === 0) return open;
    return open.filter((row) => {
      const fault = this.#faults.get(row);
      if (fault !== undefined) this.#refuse(row, fault);
      return fault === undefined;
    });
  }

  /** Broker time. */
  abstract deadlineOf(row: number): number;

  /** The row in suspect marks and logs. */
  abstract suspectAt(row: number): Suspect;

  /** Called when rows run now. @returns the tasks to announce. */
  abstract started(rows: readonly number[], startedAt: number): () => readonly RunningTask[];

  /** Brings rows to their end. It is stored while other rows run; credit limits how much of that goes on at once. */
  abstract end(rows: readonly number[], outcome: Outcome): void;

  /** Gives the job to another worker. Rows that are being stored may end here all the same. */
  handBack(delayMs: number): void {
    this.#leave(() => this.delivery.handBack(delayMs));
  }

  protected abstract readPast(): Promise<void>;

  /** The rows that have no end yet. If there are none, the job ends. */
  protected abstract openRows(): readonly number[];

  /** @param work stores ends. It answers false if the worker has to stop before. */
  protected settle(work: () => Promise<boolean>): void {
    const settle = async () => {
      if (!(await work())) this.handBack(RETRY_DELAY_MS);
    };
    // First the next batch is handed over. The session does not wait until messages are written.
    setImmediate(() => void this.#orHandBack(settle));
  }

  /** The job leaves its queue: each row has its end. */
  protected ack(): void {
    this.#leave(() => this.delivery.ack());
  }

  #refuse(row: number, fault: string): void {
    this.options.log.error({ ...this.suspectAt(row), reason: fault }, 'malformed job');
    const message = `The job could not be read: ${fault}.`;
    this.end([row], { error: { code: TaskErrorCode.MalformedJob, message } });
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
    verdict();
    this.#leaving.resolve();
  }
}
