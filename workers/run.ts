/** Runs batches, and finds the row that is to blame if a run fails. */
import { messageOf } from '../src/contract/errors.ts';
import type { Run } from '../src/contract/messages/ends.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { Value } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { WorkerOptions } from './assignment.ts';
import { pickFrom } from './batchColumns.ts';
import { type Batch, batchOf, type Row } from './batches.ts';
import { decodeColumns, type OutputTensors } from './runtimes/onnx/encoder.ts';
import { RunFailed, RunTimedOut, SessionCrashed } from './runtimes/onnx/sessionProcess.ts';
import type { HoldOptions } from './session.ts';
import { storeSuspectMark } from './settle.ts';

/** Errors that rows can cause. Any other error is no fault of a row. */
type RunError = RunFailed | RunTimedOut | SessionCrashed | RangeError;

/** A run that is over. If it did not fail, its rows have their ends. */
interface Ran {
  readonly batch: Batch;
  readonly failure?: { readonly error: RunError; readonly run: Run };
}

/**
 * Runs a batch once the session is free. If that fails, each of its rows runs alone, so that only the culprit fails. A
 * row that kills its session alone gets more than one chance: it may have been innocent.
 *
 * @param form is called when the session is free.
 * @param how it holds the session.
 * @throws an error that is no fault of a row, such as that of a session that is lost.
 */
export async function runBatch(
  form: () => Batch,
  options: WorkerOptions,
  how: HoldOptions = {},
): Promise<void> {
  const { batch, failure } = await runOnce(form, options, how);
  const { formedAt, suspects } = batch;
  const again = failure === undefined ? [] : blame(batch, failure, options);
  // Suspects run last, and one by one: each may kill the session's process, and no other task shall wait for the next.
  for (const row of [...again, ...suspects]) await runAlone(row, formedAt, options);
}

async function runOnce(
  form: () => Batch,
  { broker, manifest, session, inSlot, runNotices }: WorkerOptions,
  how: HoldOptions,
): Promise<Ran> {
  // Before the slot: no other session shall wait for one that crashed. A session that is not loaded is loaded in the
  // slot: so no more sessions are loaded for runs than there are slots.
  await session.started();
  return inSlot(async () => {
    using held = await session.hold(how);
    const batch = form();
    const { picks, size, formedAt, encoded } = batch;
    if (size === 0) return { batch };
    const startedAt = broker.now();
    const tasks = picks.map(({ assignment, rows }) => assignment.started(rows, startedAt));
    using _announced = runNotices.started(() => tasks.flatMap((tasksOf) => tasksOf()), startedAt);
    const run = { formedAt, startedAt, batchSize: size };
    try {
      const { outputs, computeMs } = await held.run(encoded.tensors);
      endRows(batch, outputs, { ...run, computeMs }, manifest);
      return { batch };
    } catch (error) {
      refuseForeign(error);
      return { batch, failure: { error, run: { ...run, computeMs: broker.now() - startedAt } } };
    }
  });
}

/** @throws {RangeError} if the tensors have a wrong shape. */
function endRows({ picks, encoded }: Batch, outputs: OutputTensors, run: Run, manifest: Manifest): void {
  const { columns, problems } = decodeColumns(manifest, outputs, encoded.count);
  let before = 0;
  for (const { assignment, rows } of picks) {
    const first = before;
    before += rows.length;
    const answerOf = (i: number) => encoded.answeredBy?.[first + i] ?? first + i;
    for (const [message, places] of Map.groupBy(rows.keys(), (i) => problems.get(answerOf(i)))) {
      const answers: Record<string, readonly Value[]> = {};
      if (message === undefined)
        for (const [name, column] of columns) answers[name] = pickFrom(column, places.map(answerOf));
      assignment.end(
        pickFrom(rows, places),
        message === undefined
          ? { columns: answers, run }
          : { error: { code: TaskErrorCode.InvalidOutput, message }, run },
      );
    }
  }
}

/** Draws the conclusions from a failure. @returns the rows that run again, each alone. */
function blame(
  { picks, size }: Batch,
  { error, run }: NonNullable<Ran['failure']>,
  { log }: WorkerOptions,
): readonly Row[] {
  const reason = messageOf(error);
  const rows = picks.flatMap(({ assignment, rows }) => rows.map((row) => ({ assignment, row })));
  if (size > 1) log.warn({ batchSize: size, reason }, 'run failed, running its rows alone');
  for (const { assignment, row } of rows) {
    const soloRuns = (assignment.soloRuns.get(row) ?? 0) + (size === 1 ? 1 : 0);
    if (size === 1) log.warn({ ...assignment.suspectAt(row), soloRuns, reason }, 'run failed');
    if (error instanceof SessionCrashed) assignment.soloRuns.set(row, soloRuns);
    else if (size === 1) {
      assignment.end([row], { error: verdict(error), run });
      return [];
    }
  }
  return rows;
}

/** A suspect runs only after its mark is stored, so that the next worker that gets it goes on counting its runs. */
async function runAlone({ assignment, row }: Row, formedAt: number, options: WorkerOptions): Promise<void> {
  const { broker, manifest, source } = options;
  if (source.isStopping) assignment.handBack(0);
  if (assignment.isGone) return;
  const now = broker.now();
  if (assignment.deadlineOf(row) <= now) {
    assignment.end([row], 'expired');
    return;
  }
  const soloRuns = assignment.soloRuns.get(row);
  if (soloRuns !== undefined && soloRuns >= manifest.limits.maxAttempts) {
    assignment.end([row], {
      error: CRASHED,
      run: { formedAt, startedAt: now, computeMs: 0, batchSize: 1 },
    });
    return;
  }
  if (soloRuns !== undefined) await storeSuspectMark(assignment.suspectAt(row), soloRuns + 1, options);
  const alone = soloRuns !== undefined;
  await runBatch(() => batchOf(manifest, [{ assignment, rows: [row] }], formedAt), options, { alone });
}

/** @throws the error, unless it may be the fault of a row. */
function refuseForeign(error: unknown): asserts error is RunError {
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
