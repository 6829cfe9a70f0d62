/** The values that the steps of a lane pass on: tasks and chunks in a worker's hands, and the outcome of a run. */
import type { Broker, Delivery, JobSource } from '../src/broker/broker.ts';
import type { Job, QueuedChunkJob } from '../src/contract/messages/job.ts';
import type { Suspect } from '../src/contract/messages/suspectMark.ts';
import type { TaskError } from '../src/contract/task.ts';
import type { TaskAddress } from '../src/contract/taskId.ts';
import type { InputColumns, Values } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { Logger } from '../src/process/log.ts';
import type { Session } from './session.ts';

/** What every step of a lane is given. */
export interface WorkerOptions {
  readonly source: JobSource;
  readonly session: Pick<Session, 'started' | 'hold'>;
  /** Does work once the session is free for it and the worker has a slot. */
  readonly inSlot: <T>(work: () => Promise<T>) => Promise<T>;
  readonly broker: Broker;
  readonly manifest: Manifest;
  readonly workerId: string;
  readonly log: Logger;
  /** Called for each task that this worker has given its end. */
  readonly onFinished: () => void;
  /** Aborted when the worker has to leave, even if the store still refuses results. */
  readonly signal: AbortSignal;
}

/** A row that is to be run, and what is known of its earlier runs. */
export interface RunnableRow {
  readonly job: Pick<Job, 'taskId' | 'input' | 'deadline'>;
  readonly address: TaskAddress;
  /** Of a row of a batch. */
  readonly place?: Suspect['place'];
  /** Runs started, as far as is known: earlier deliveries count as one each. */
  attempts: number;
  /** Whether a session died while it ran this job: then it runs alone. */
  suspect: boolean;
  /** Runs alone that were started, by earlier workers too. */
  soloRuns: number;
}

/** A readable job of this worker's model, in its hands. */
export interface Assignment extends RunnableRow {
  readonly delivery: Delivery;
  readonly job: Job;
}

/** A readable chunk in this worker's hands. */
export interface Chunk {
  readonly delivery: Delivery;
  readonly job: QueuedChunkJob;
  readonly address: TaskAddress;
  /** Checked; place i belongs to row `firstRow` + i of the batch. */
  readonly columns: InputColumns;
  readonly firstRow: number;
  readonly rowCount: number;
  /** Deliveries, this one included. */
  readonly attempts: number;
}

/** How one row of a batch ended; expired ones were never run. */
export type Outcome =
  | { readonly prediction: Values; readonly run: RunRecord }
  | { readonly error: TaskError; readonly run: RunRecord }
  | 'expired';

/** When a run started (broker time) and how long it took. */
export interface RunRecord {
  readonly startedAt: number;
  readonly computeMs: number;
  readonly batchSize: number;
}
