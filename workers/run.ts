/** Runs batches, and finds the row that is to blame if a run fails. */
import { messageOf } from '../src/contract/errors.ts';
import type { Run } from '../src/contract/messages/ends.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import { TaskLogEvent } from '../src/contract/taskLog.ts';
import { publicReason } from '../src/models/publicReason.ts';
import type { AnswerColumns } from './answer.ts';
import type { WorkerOptions } from './assignment.ts';
import { pickFrom } from './batchColumns.ts';
import { type Batch, type Batches, batchOf, type Row } from './batches.ts';
import { RunPartials } from './runPartials.ts';
import type { ReadOutputs } from './runtimes/modelChild.ts';
import { type DecodedColumns, decodeColumns } from './runtimes/onnx/decoder.ts';
import { RunFailed, RunTimedOut, SessionCrashed } from './runtimes/sessionProcess.ts';
import type { HeldSession, HoldOptions } from './session.ts';
import { storeSuspectMark } from './settle.ts';

/** Errors that rows can cause. Any other error is no fault of a row. */
type RunError = RunFailed | RunTimedOut | SessionCrashed | RangeError;

/** A run that is over. If it did not fail, its rows have their ends. */
interface Ran {
  readonly batch: Batch;
  readonly failure?: { readonly error: RunError; readonly run: Run };
  /** In milliseconds; 0 if no row was run. */
  readonly tookMs: number;
}

/** The next run of a row, which is alone. */
interface NextRun extends Pick<Batch, 'formedAt' | 'attempt'> {
  /** Its run before, if that was in this worker. */
  readonly last: Run | undefined;
}

/** The session, while it is this lane's turn. */
interface Turn {
  readonly held: HeldSession;
  /** Whether other work waits for it. */
  readonly isWanted: () => boolean;
}

/** After a longer run no batch is handed over ahead: work of another lane would wait long for both. */
const SHORT_RUN_MS = 50;
/** The most runs of a turn: a session that is replaced, for example, is closed only afterwards. */
const RUNS_IN_A_TURN = 100;

/**
 * Runs the next batch once the session is free. If the next but one is full before that is over, it is handed over
 * already, so that the session does not wait for this thread; and so on, while no other work waits for the session.
 *
 * If a run fails, each of its rows runs alone, so that only the culprit fails. A row that kills its session alone gets
 * more than one chance: it may have been innocent.
 *
 * @param lastMs how long the last run of this lane took.
 * @returns the same for the next call.
 * @throws an error that is no fault of a row, such as that of a session that is lost.
 */
export async function runBatches(batches: Batches, lastMs: number, options: WorkerOptions): Promise<number> {
  const last = await inTurn(options, {}, (turn) => runInTurn(batches, lastMs, turn, options));
  for (const ran of last) await conclude(ran, options);
  return last.at(-1)?.tookMs ?? lastMs;
}

async function inTurn<T>(
  { session, inSlot }: WorkerOptions,
  how: HoldOptions,
  work: (turn: Turn) => Promise<T>,
): Promise<T> {
  // Before the slot: no other session shall wait for one that crashed. A session that is not loaded is loaded in the
  // slot: so no more sessions are loaded for runs than there are slots.
  await session.started();
  return inSlot(async (isWanted) => {
    using held = await session.hold(how);
    return await work({ held, isWanted });
  });
}

/** @returns the last runs: those before them have left nothing to do. */
async function runInTurn(
  batches: Batches,
  lastMs: number,
  turn: Turn,
  options: WorkerOptions,
): Promise<readonly Ran[]> {
  let mayFollow = lastMs < SHORT_RUN_MS;
  let running = run(batches.take(), turn, options);
  for (let runs = 1; ; runs++) {
    const follows =
      mayFollow && runs < RUNS_IN_A_TURN && (await batches.isFullBefore(running)) && !turn.isWanted();
    if (!follows) return [await running];
    const next = run(batches.take(), turn, options, running);
    // It fails for the same reason as the one before.
    next.catch(() => {});
    const ran = await running;
    if (ran.failure !== undefined || ran.batch.suspects.length > 0) return [ran, await next];
    mayFollow = ran.tookMs < SHORT_RUN_MS;
    running = next;
  }
}

/** @param before the run that may go on when this one is handed over. */
async function run(
  batch: Batch,
  { held }: Turn,
  { broker, manifest, version, events, runNotices, log }: WorkerOptions,
  before?: Promise<Ran>,
): Promise<Ran> {
  const { picks, size, formedAt, attempt, begunAt, encoded } = batch;
  if (size === 0) return { batch, tookMs: 0 };
  using partials = manifest.partialOutputs
    ? new RunPartials(batch, { manifest, runNotices, log })
    : undefined;
  const onPartial = partials && ((read: ReadOutputs) => partials.take(read));
  const answer = held.run(encoded.run.columns, { ahead: before !== undefined, onPartial });
  if (before !== undefined) {
    answer.catch(() => {});
    await before;
  }
  const startedAt = broker.now();
  const tasks = picks.map(({ assignment, rows }) => assignment.started(rows, startedAt));
  using _announced = runNotices.started(() => tasks.flatMap((tasksOf) => tasksOf()), startedAt);
  partials?.begin({ startedAt, tasksOf: tasks });
  const figures = { formedAt, startedAt, batchSize: size };
  const over = (computeMs: number, errorCode?: TaskErrorCode): Run => {
    const run = { ...figures, computeMs };
    const traces = () => picks.flatMap(({ assignment, rows }) => assignment.tracesOf(rows));
    const about = { model: manifest.name, version, maxRows: batch.maxRows, attempt, begunAt };
    events.emit('ran', { ...about, run, errorCode, traces });
    return run;
  };
  try {
    const answered = await answer;
    const { computeMs } = answered;
    const decoded = decodeColumns(manifest, answered, encoded.run);
    endRows(batch, decoded, over(computeMs));
    return { batch, tookMs: computeMs };
  } catch (error) {
    refuseForeign(error);
    const computeMs = broker.now() - startedAt;
    return { batch, failure: { error, run: over(computeMs, codeOf(error)) }, tookMs: computeMs };
  }
}

/** Runs the rows alone that may have caused a failure, and those that were suspected before. */
async function conclude({ batch, failure }: Ran, options: WorkerOptions): Promise<void> {
  const { formedAt, attempt, suspects } = batch;
  const again = failure === undefined ? [] : blame(batch, failure, options);
  // Suspects run last, and one by one: each may kill the session's process, and no other task shall wait for the next.
  for (const row of again)
    await runAlone(row, { formedAt, attempt: attempt + 1, last: failure?.run }, options);
  for (const row of suspects) {
    const runs = row.assignment.soloRuns.get(row.row) ?? 0;
    await runAlone(row, { formedAt, attempt: runs + 1, last: undefined }, options);
  }
}

function endRows({ picks, encoded }: Batch, { columns, problems, faults }: DecodedColumns, run: Run): void {
  let before = 0;
  for (const { assignment, rows } of picks) {
    const first = before;
    before += rows.length;
    const answerOf = (i: number) => encoded.answeredBy?.[first + i] ?? first + i;
    const problemOf = (i: number) => faults.get(answerOf(i)) ?? problems.get(answerOf(i));
    for (const [message, places] of Map.groupBy(rows.keys(), problemOf)) {
      const answered = places.map(answerOf);
      const isInput = answered.some((row) => faults.has(row));
      const code = isInput ? TaskErrorCode.InvalidInput : TaskErrorCode.InvalidOutput;
      const answers: Record<string, AnswerColumns[string]> = {};
      if (message === undefined)
        for (const [name, column] of columns) answers[name] = pickFrom(column, answered);
      assignment.end(
        pickFrom(rows, places),
        message === undefined ? { columns: answers, run } : { error: { code, message }, run },
      );
    }
  }
}

/** Draws the conclusions from a failure. @returns the rows that run again, each alone. */
function blame(
  { picks, size }: Batch,
  { error, run }: NonNullable<Ran['failure']>,
  { log, modelsDir }: WorkerOptions,
): readonly Row[] {
  const reason = messageOf(error);
  const rows = picks.flatMap(({ assignment, rows }) => rows.map((row) => ({ assignment, row })));
  if (size > 1) log.warn({ batchSize: size, reason }, 'run failed, running its rows alone');
  for (const { assignment, row } of rows) {
    const soloRuns = (assignment.soloRuns.get(row) ?? 0) + (size === 1 ? 1 : 0);
    if (size === 1) log.warn({ ...assignment.fieldsOf(row), soloRuns, reason }, 'run failed');
    const told = publicReason(reason, modelsDir);
    if (error instanceof SessionCrashed) {
      assignment.soloRuns.set(row, soloRuns);
      assignment.note(row, TaskLogEvent.Suspect, `its run of ${size} ended the session: ${told}`);
    } else if (size > 1)
      assignment.note(row, TaskLogEvent.Retried, `alone, as its run of ${size} failed: ${told}`);
    else {
      assignment.end([row], { error: verdict(error, modelsDir), run });
      return [];
    }
  }
  return rows;
}

/** A suspect runs only after its mark is stored, so that the next worker that gets it goes on counting its runs. */
async function runAlone(
  { assignment, row }: Row,
  { formedAt, attempt, last }: NextRun,
  options: WorkerOptions,
): Promise<void> {
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
      run: last ?? { formedAt, startedAt: now, computeMs: 0, batchSize: 1 },
    });
    return;
  }
  if (soloRuns !== undefined)
    await storeSuspectMark(assignment.suspectAt(row), assignment.fieldsOf(row), soloRuns + 1, options);
  const picks = [{ assignment, rows: [row] }];
  const batch = batchOf(manifest, { picks, maxRows: 1, formedAt, attempt, begunAt: now });
  const alone = soloRuns !== undefined;
  await conclude(await inTurn(options, { alone }, (turn) => run(batch, turn, options)), options);
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

function codeOf(error: RunError): TaskErrorCode {
  if (error instanceof SessionCrashed) return TaskErrorCode.WorkerCrashed;
  if (error instanceof RunTimedOut) return TaskErrorCode.RunTimeout;
  return error instanceof RangeError ? TaskErrorCode.InvalidOutput : TaskErrorCode.InferenceFailed;
}

function verdict(error: RunFailed | RunTimedOut | RangeError, modelsDir: string): TaskError {
  const code = codeOf(error);
  if (error instanceof RunTimedOut) return { code, message: `Alone, ${error.message}.` };
  if (error instanceof RangeError) return { code, message: error.message };
  const reason = publicReason(error.message, modelsDir).replaceAll(/\s+/g, ' ').trim();
  return { code, message: `The model could not be run on this input: ${reason}` };
}
