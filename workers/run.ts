/** Runs a batch, and finds the row that is to blame if that fails. */
import type { Broker } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { Values } from '../src/contract/values.ts';
import type { Assignment, Outcome, RunnableRow, RunRecord, WorkerOptions } from './assignment.ts';
import { type Columns, decodeBatch, encodeBatch, type OutputTensors } from './runtimes/onnx/encoder.ts';
import { RunFailed, RunTimedOut, SessionCrashed } from './runtimes/onnx/sessionProcess.ts';
import type { HoldOptions } from './session.ts';
import { storeSuspectMark } from './settle.ts';

/**
 * Runs rows together. If that fails, each runs alone, so that only the culprit fails.
 *
 * @returns one outcome a row, in order.
 * @throws an error that is no fault of a row, such as that of a session that is lost.
 */
export async function runRows(
  batch: readonly Assignment[],
  options: WorkerOptions,
): Promise<readonly Outcome[]> {
  if (batch.length > 1) {
    try {
      return await runOnce(batch, options);
    } catch (error) {
      refuseForeign(error);
      options.log.warn(
        { batchSize: batch.length, reason: messageOf(error) },
        'run failed, running its rows alone',
      );
      if (error instanceof SessionCrashed) for (const assignment of batch) assignment.suspect = true;
    }
  }
  const outcomes: Outcome[] = [];
  for (const assignment of batch) outcomes.push(await runAlone(assignment, options));
  return outcomes;
}

/**
 * Runs a row alone. A row that kills its session gets more than one chance: it may have been innocent. A suspect runs
 * only after its mark is stored, so that the next worker that gets the job goes on counting its runs.
 */
export async function runAlone(assignment: RunnableRow, options: WorkerOptions): Promise<Outcome> {
  const { broker, log, manifest } = options;
  for (;;) {
    const startedAt = broker.now();
    if (assignment.job.deadline <= startedAt) return 'expired';
    const failed = (error: TaskError): Outcome => ({
      error,
      run: { startedAt, computeMs: broker.now() - startedAt, batchSize: 1 },
    });
    if (assignment.soloRuns >= manifest.limits.maxAttempts) return failed(CRASHED);
    assignment.soloRuns++;
    if (assignment.suspect) await storeSuspectMark(assignment, assignment.soloRuns, options);
    try {
      const [outcome] = await runOnce([assignment], options);
      if (outcome === undefined) throw new Error('a run of one row has one outcome');
      return outcome;
    } catch (error) {
      refuseForeign(error);
      const { soloRuns, job } = assignment;
      log.warn({ taskId: job.taskId, soloRuns, reason: messageOf(error) }, 'run failed');
      if (!(error instanceof SessionCrashed)) return failed(verdict(error));
      assignment.suspect = true;
    }
  }
}

async function runOnce(batch: readonly RunnableRow[], options: WorkerOptions): Promise<readonly Outcome[]> {
  const { manifest } = options;
  const inputs = batch.map(({ job }) => job.input);
  const { questions, questionOf } = manifest.coalesce ? coalesce(inputs) : separate(inputs);
  const columns = encodeBatch(manifest, questions);
  const onStart = (startedAt: number) => {
    for (const row of batch) row.attempts++;
    announce(batch, startedAt, options.broker);
  };
  const alone = batch.some(({ suspect }) => suspect);
  const { outputs, run } = await runColumns(columns, batch.length, options, onStart, { alone });
  const answers = decodeBatch(manifest, outputs, questions.length).map((prediction) =>
    typeof prediction === 'string'
      ? { error: { code: TaskErrorCode.InvalidOutput, message: prediction }, run }
      : { prediction, run },
  );
  return batch.flatMap((_, i) => answers[questionOf(i)] ?? []);
}

/** The rows that are run, and for each task of the batch which of them answers it. */
interface Questions {
  readonly questions: readonly Values[];
  readonly questionOf: (task: number) => number;
}

function separate(inputs: readonly Values[]): Questions {
  return { questions: inputs, questionOf: (task) => task };
}

/** Each different input once. Inputs that were validated have their members in one order. */
function coalesce(inputs: readonly Values[]): Questions {
  const questions: Values[] = [];
  const known = new Map<string, number>();
  const asked = inputs.map((input) => {
    const key = JSON.stringify(input);
    const question = known.get(key) ?? questions.push(input) - 1;
    known.set(key, question);
    return question;
  });
  return { questions, questionOf: (task) => asked[task] ?? task };
}

/**
 * Runs rows that are encoded already.
 *
 * @param onStart is called when the run starts, with the instant (broker time).
 * @throws as `Session.run`.
 */
export async function runColumns(
  columns: Columns,
  batchSize: number,
  { broker, session, inSlot }: WorkerOptions,
  onStart: (startedAt: number) => void,
  how?: HoldOptions,
): Promise<{ readonly outputs: OutputTensors; readonly run: RunRecord }> {
  // Before the slot: no other session shall wait for one that crashed. A session that is not loaded is loaded in the
  // slot: so no more sessions are loaded for runs than there are slots.
  await session.started();
  return inSlot(async () => {
    using held = await session.hold(how);
    const startedAt = broker.now();
    onStart(startedAt);
    const { outputs, computeMs } = await held.run(columns);
    return { outputs, run: { startedAt, computeMs, batchSize } };
  });
}

/** Errors that rows can cause. Any other error is no fault of a row. */
type RunError = RunFailed | RunTimedOut | SessionCrashed | RangeError;

/** @throws the error, unless it may be the fault of a row. */
export function refuseForeign(error: unknown): asserts error is RunError {
  const isOurs =
    error instanceof RunFailed ||
    error instanceof RunTimedOut ||
    error instanceof SessionCrashed ||
    error instanceof RangeError;
  if (!isOurs) throw error;
}

const CRASHED: TaskError = {
  code: TaskErrorCode.WorkerCrashed,
  message: 'The model crashed whenever it ran this input.',
};

function verdict(error: RunFailed | RunTimedOut | RangeError): TaskError {
  if (error instanceof RunTimedOut)
    return { code: TaskErrorCode.RunTimeout, message: `Alone, ${error.message}.` };
  if (error instanceof RangeError) return { code: TaskErrorCode.InvalidOutput, message: error.message };
  // The text of ONNX Runtime may name files and nodes: it is for the log only.
  return { code: TaskErrorCode.InferenceFailed, message: 'The model could not be run on this input.' };
}

/** Tells the gateways which of their tasks run now. */
function announce(batch: readonly RunnableRow[], startedAt: number, broker: Broker): void {
  for (const [home, assignments] of Map.groupBy(batch, ({ address }) => address.home)) {
    broker.notices.announceRunning(home, {
      startedAt,
      taskIds: assignments.map(({ job }) => job.taskId),
      attempts: assignments.map(({ attempts }) => attempts),
    });
  }
}
