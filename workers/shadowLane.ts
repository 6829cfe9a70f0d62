/**
 * The lane of one version's shadow jobs in a worker. Jobs run when no other lane needs the session, and the answers go
 * to the gateways that asked. No client waits for them: jobs beyond the limit are dropped when they arrive, and jobs
 * that are late, or have not run when the worker stops, are forgotten. Nothing is stored or marked. Only the rows of a
 * batch that was refused are tried again, each of them once and alone.
 *
 *  taking  jobs are held, up to a limit, and run.
 *  paused  the session died in a shadow run, or had to be ended. Jobs are dropped for a while, so that tasks that share
 *          the session do not have to wait for its restart again and again.
 */
import type { Broker, Listening } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import { decodeShadowJob, type ShadowAnswer, type ShadowJob } from '../src/contract/messages/shadow.ts';
import { parseTaskId } from '../src/contract/taskId.ts';
import type { Values } from '../src/contract/values.ts';
import { validateInput } from '../src/models/input.ts';
import type { Manifest } from '../src/models/manifest.ts';
import { LimitedLog } from '../src/process/limitedLog.ts';
import type { Logger } from '../src/process/log.ts';
import { comparableValues } from './outputBlobs.ts';
import { type RunShape, RunShapes } from './runShapes.ts';
import { decodeBatch } from './runtimes/onnx/decoder.ts';
import { encodeBatch } from './runtimes/onnx/encoder.ts';
import { RunFailed } from './runtimes/sessionProcess.ts';
import type { Session } from './session.ts';

export interface ShadowLaneOptions {
  readonly broker: Pick<Broker, 'shadows' | 'now'>;
  readonly manifest: Manifest;
  readonly version: string;
  readonly session: Pick<Session, 'started' | 'hold'>;
  /** Does work when no other lane needs the session. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  readonly log: Logger;
}

interface HeldJob {
  readonly data: Uint8Array;
  /** Whether a batch with this job was refused. */
  readonly alone: boolean;
}

interface CheckedShadowJob extends ShadowJob {
  readonly input: Values;
}

interface ReadJob extends HeldJob {
  readonly job: CheckedShadowJob;
}

/** The most held jobs. A burst runs later, as long as the gateways still wait for the answers. */
const BATCHES_HELD = 64;
const HELD_MAX_BYTES = 8 * 1024 * 1024;
const PAUSE_MS = 30_000;

export class ShadowLane {
  readonly #options: ShadowLaneOptions;
  readonly #limitedLog: LimitedLog;
  readonly #listening: Listening;
  readonly #shapes: RunShapes;
  #held: HeldJob[] = [];
  #heldBytes = 0;
  #arrival = Promise.withResolvers<void>();
  /** On the clock of `performance.now()`. */
  #pausedUntil = 0;
  readonly #stop = Promise.withResolvers<never>();
  #stopped = false;

  constructor(options: ShadowLaneOptions) {
    const { broker, manifest, version, log } = options;
    this.#options = options;
    this.#shapes = new RunShapes(manifest, manifest.batching.maxBatchSize);
    this.#limitedLog = new LimitedLog(log);
    this.#listening = broker.shadows.takeJobs(manifest.name, version, (data) => this.#take(data));
    this.#stop.promise.catch(() => {});
    void this.#work();
  }

  /**
   * Takes no more jobs, and abandons the present run, so that closing the session does not wait for it. Called when no
   * other lane uses the session any more. The session itself may still be busy with the abandoned run.
   */
  stop(): void {
    this.#listening[Symbol.dispose]();
    this.#stopped = true;
    this.#stop.reject(new Error('the lane is stopped'));
    this.#arrival.resolve();
  }

  #take(data: Uint8Array): void {
    const isFull =
      this.#held.length >= BATCHES_HELD * this.#options.manifest.batching.maxBatchSize ||
      this.#heldBytes + data.length > HELD_MAX_BYTES;
    if (isFull || performance.now() < this.#pausedUntil) return;
    this.#held.push({ data, alone: false });
    this.#heldBytes += data.length;
    this.#arrival.resolve();
  }

  async #work(): Promise<void> {
    const { session, inTurn } = this.#options;
    for (;;) {
      await this.#arrival.promise;
      if (this.#stopped) return;
      try {
        // Other lanes should not have to wait for a session that starts again.
        await session.started();
        await inTurn(async () => {
          if (!this.#stopped) await this.#runBatch(this.#takeBatch());
        });
      } catch (error) {
        this.#pause(messageOf(error));
      }
      if (this.#held.length === 0 && !this.#stopped) this.#arrival = Promise.withResolvers();
    }
  }

  /** The oldest held jobs that can run together. */
  #takeBatch(): readonly ReadJob[] {
    const now = this.#options.broker.now();
    const batch: ReadJob[] = [];
    let shape: RunShape | undefined;
    while (batch.length < (shape?.maxRows ?? 1)) {
      const [next] = this.#held;
      if (next === undefined || (next.alone && batch.length > 0)) break;
      const job = this.#read(next.data);
      const isFresh = job !== undefined && job.deadline > now;
      const jobShape = isFresh ? this.#shapes.of((input) => job.input[input]) : undefined;
      if (jobShape !== undefined && jobShape.key !== (shape ?? jobShape).key) break;
      this.#held.shift();
      this.#heldBytes -= next.data.length;
      if (job === undefined || jobShape === undefined) continue;
      shape = jobShape;
      batch.push({ ...next, job });
      if (next.alone) break;
    }
    return batch;
  }

  /** @returns undefined if the message is no job that can be run. */
  #read(data: Uint8Array): CheckedShadowJob | undefined {
    const { manifest } = this.#options;
    try {
      const job = decodeShadowJob(data);
      return { ...job, input: validateInput(manifest, job.input, job.sentAt) };
    } catch (error) {
      const fields = () => ({ reason: messageOf(error) });
      this.#limitedLog.warn('shadow job', fields, 'a shadow job could not be read');
      return undefined;
    }
  }

  /** @throws errors that end a session, or that are not the rows' fault. */
  async #runBatch(batch: readonly ReadJob[]): Promise<void> {
    if (batch.length === 0) return;
    const { broker, manifest, session, version } = this.#options;
    const formedAt = broker.now();
    try {
      const run = encodeBatch(
        manifest,
        batch.map(({ job }) => job.input),
      );
      // In a host of its own: a shadow that hangs would hold up the tasks of versions that share one.
      using held = await session.hold({ alone: true });
      const startedAt = broker.now();
      const answered = await Promise.race([held.run(run.columns), this.#stop.promise]);
      const predictions = decodeBatch(manifest, answered, run);
      const { computeMs } = answered;
      for (const [i, { job }] of batch.entries()) {
        const prediction = predictions[i];
        const queueMs = Math.max(0, formedAt - job.sentAt);
        const timings = { queueMs, batchMs: startedAt - formedAt, computeMs, batchSize: batch.length };
        this.#answer(
          typeof prediction === 'object'
            ? { taskId: job.taskId, version, timings, prediction: comparableValues(manifest, prediction) }
            : { taskId: job.taskId, version },
        );
      }
    } catch (error) {
      if (this.#stopped) return;
      const isRefused = error instanceof RunFailed || error instanceof RangeError;
      if (isRefused && batch.length > 1) return this.#holdAgain(batch);
      for (const { job } of batch) this.#answer({ taskId: job.taskId, version });
      if (!isRefused) throw error;
    }
  }

  /**
   * Runs rows alone before all other held jobs, each in a turn of its own. Together they would delay the other lanes.
   */
  #holdAgain(batch: readonly ReadJob[]): void {
    this.#held = [...batch.map(({ data }) => ({ data, alone: true })), ...this.#held];
    this.#heldBytes += batch.reduce((sum, { data }) => sum + data.length, 0);
  }

  #answer(answer: ShadowAnswer): void {
    const { broker, log } = this.#options;
    const address = parseTaskId(answer.taskId);
    if (address === undefined) return;
    try {
      broker.shadows.answer(address.home, answer);
    } catch (error) {
      log.debug({ taskId: answer.taskId, reason: messageOf(error) }, 'what a shadow answered was not sent');
    }
  }

  #pause(reason: string): void {
    if (this.#stopped) return;
    this.#pausedUntil = performance.now() + PAUSE_MS;
    this.#held = [];
    this.#heldBytes = 0;
    this.#options.log.warn({ reason, pauseMs: PAUSE_MS }, 'a shadow run failed: no shadow jobs for a while');
  }
}
