/**
 * The outputs that a run gives before it is over. The newest is told to the gateways, some times a second: those that
 * come faster are left out, unread.
 */
import { messageOf } from '../src/contract/errors.ts';
import { type Answers, valuesOf } from './answer.ts';
import type { WorkerOptions } from './assignment.ts';
import type { Batch } from './batches.ts';
import type { PartialTask, RunningTask } from './runNotices.ts';
import type { ReadOutputs } from './runtimes/modelChild.ts';
import { decodeColumns } from './runtimes/onnx/decoder.ts';

/** The tasks of a run, once it is known to have begun. */
export interface StartedRun {
  readonly startedAt: number;
  /** For each of the batch's picks: the tasks of its rows; none for a row batch. */
  readonly tasksOf: readonly (() => readonly RunningTask[])[];
}

type RunPartialsOptions = Pick<WorkerOptions, 'manifest' | 'runNotices' | 'log'>;

const TELL_EVERY_MS = 50;

export class RunPartials implements Disposable {
  readonly #batch: Batch;
  readonly #options: RunPartialsOptions;
  #run: StartedRun | undefined;
  #newest: ReadOutputs | undefined;
  #sequence = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(batch: Batch, options: RunPartialsOptions) {
    this.#batch = batch;
    this.#options = options;
  }

  /** The run has begun. Its first outputs may have come already. */
  begin(run: StartedRun): void {
    this.#run = run;
    this.#tellSoon();
  }

  /** @param read is called unless newer outputs come first. */
  take(read: ReadOutputs): void {
    this.#sequence++;
    this.#newest = read;
    this.#tellSoon();
  }

  [Symbol.dispose](): void {
    this.#newest = undefined;
    clearTimeout(this.#timer);
  }

  #tellSoon(): void {
    if (this.#run === undefined || this.#newest === undefined || this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#toldAt + TELL_EVERY_MS - performance.now());
    this.#timer = setTimeout(() => this.#tell(), waitMs);
  }

  #tell(): void {
    const read = this.#newest;
    this.#timer = undefined;
    this.#newest = undefined;
    this.#toldAt = performance.now();
    if (read === undefined || this.#run === undefined) return;
    const { runNotices, log } = this.#options;
    if (!runNotices.isWatched) return;
    try {
      runNotices.tellPartials(this.#partialTasks(read, this.#run), this.#run.startedAt);
    } catch (error) {
      // The run goes on: its end counts.
      log.debug({ reason: messageOf(error) }, 'a partial output could not be read');
    }
  }

  /** Rows whose values are wrong, such as a number that is not finite, are left out. */
  #partialTasks(read: ReadOutputs, { tasksOf }: StartedRun): readonly PartialTask[] {
    const { manifest } = this.#options;
    const { picks, encoded } = this.#batch;
    const tensors = read();
    const outputs = manifest.outputs.filter(({ tensor }) => tensors[tensor] !== undefined);
    if (outputs.length === 0) return [];
    const { columns, problems } = decodeColumns({ ...manifest, outputs }, { outputs: tensors }, encoded.run);
    const told: PartialTask[] = [];
    let before = 0;
    for (const [pick, { rows }] of picks.entries()) {
      for (const [i, task] of (tasksOf[pick]?.() ?? []).entries()) {
        const row = encoded.answeredBy?.[before + i] ?? before + i;
        if (problems.has(row)) continue;
        const answers = [...columns].map(([name, column]) => [name, column[row]]);
        const output = valuesOf(Object.fromEntries(answers) as Answers);
        told.push({ ...task, partial: { sequence: this.#sequence, output } });
      }
      before += rows.length;
    }
    return told;
  }
}
