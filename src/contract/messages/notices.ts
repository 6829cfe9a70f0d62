/**
 * Notices of unfinished tasks: they run, they have moved, how far they are. They go over core NATS, and may be lost.
 */
import { COUNT, INSTANT, LONGEST_LIST, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { listOf, number, object, oneOf, type Passing, recordOf } from '../schema.ts';
import { hasFittingCounts, ROW_BATCH, type Task, TaskState } from '../task.ts';
import { VALUES } from '../values.ts';
import { decoderOf, requireThat } from './decoder.ts';

const CHUNK_PROGRESS = object('the progress of a chunk', {
  chunk: COUNT,
  rowsDone: COUNT,
  rowsFailed: COUNT,
});
export type ChunkProgress = Passing<typeof CHUNK_PROGRESS>;

const PARTIAL = object('a partial output', {
  /** How many partial outputs its run has given by then. */
  sequence: COUNT,
  /** By GraphQL name; some outputs may be missing. */
  output: VALUES,
});
/** What a run has given before it is over. Not stored. */
export type PartialOutput = Passing<typeof PARTIAL>;
/** The most bytes of a partial output, about, as JSON. A larger one is not told. */
export const PARTIAL_MAX_BYTES = 256 * 1024;

export const RUNNING_NOTICE = object(
  'a running notice',
  {
    taskIds: listOf('a list of task ids', NAME),
    startedAt: INSTANT,
    /** Of each task. */
    attempts: listOf('a list of numbers of attempts', COUNT),
  },
  {
    /** Of the only task, a batch: how far one of its chunks is. */
    progress: CHUNK_PROGRESS,
    /** Of each task, from a model whose manifest says `partialOutputs`. */
    partials: listOf('a list of partial outputs', PARTIAL),
  },
);
/** Says that a worker runs these tasks now. */
export type RunningNotice = Passing<typeof RUNNING_NOTICE>;

export const MOVED_NOTICE = object('a moved notice', {
  taskIds: listOf('a list of task ids', NAME),
  version: NAME,
});
/** Tells that queued tasks of one home now belong to another version. */
export type MovedNotice = Passing<typeof MOVED_NOTICE>;

export const QUEUED_NOTICE = object('a queued notice', {
  home: NAME,
  /** By model. */
  jobs: recordOf('counts by model', COUNT, { maxProperties: LONGEST_LIST, propertyNames: NAME }),
});
/** Tells how many unfinished jobs a gateway has accepted. */
export type QueuedNotice = Passing<typeof QUEUED_NOTICE>;

const AMOUNTS = recordOf('amounts by name', number('a number from 0 on', 0, Number.MAX_SAFE_INTEGER), {
  maxProperties: 10 * LONGEST_LIST,
  propertyNames: NAME,
});
const OWNER_USE = object('what an owner uses', {
  owner: OWNER,
  /** What the owner has at present, such as unfinished tasks. */
  present: AMOUNTS,
  /** What the owner has taken since the notice before, such as tasks submitted. */
  taken: AMOUNTS,
});
export type OwnerUse = Passing<typeof OWNER_USE>;

export const USED_NOTICE = object('a used notice', {
  home: NAME,
  uses: listOf('a list of what owners use', OWNER_USE, { maxItems: LONGEST_LIST }),
});
/** Tells what owners use of a gateway. */
export type UsedNotice = Passing<typeof USED_NOTICE>;

export const UPDATES_WANTED = object('a wish for updates', { home: NAME });
/** Tells workers that clients watch each change of the tasks of one home. */
export type UpdatesWanted = Passing<typeof UPDATES_WANTED>;

/** The part of a task's state that only its home knows: that it runs, since when, and how far it is. */
export const PRESENT_STATE = object(
  'the present state of a task',
  {
    id: NAME,
    model: NAME,
    modelVersion: NAME,
    state: oneOf([TaskState.Queued, TaskState.Running]),
    attempts: COUNT,
  },
  { startedAt: INSTANT, batch: ROW_BATCH },
);

// Each throws as every decoder does, see `decoderOf`.
export const decodeRunningNotice = decoderOf(RUNNING_NOTICE);
export const decodeMovedNotice = decoderOf(MOVED_NOTICE);
export const decodeQueuedNotice = decoderOf(QUEUED_NOTICE);
export const decodeUsedNotice = decoderOf(USED_NOTICE);
export const decodeUpdatesWanted = decoderOf(UPDATES_WANTED);
const readPresentState = decoderOf(PRESENT_STATE);

/**
 * Decodes the present state that a task's home tells. (A final state is read from its stream.) Throws as every decoder
 * does.
 *
 * @param queued the task as its stored job tells it.
 */
export function decodePresentState(data: Uint8Array, queued: Task): Task {
  const { id, model, modelVersion, state, startedAt, attempts, batch } = readPresentState(data);
  requireThat(id === queued.id, 'id', JSON.stringify(queued.id), id);
  requireThat(model === queued.model, 'model', JSON.stringify(queued.model), model);
  const isOfQueued =
    batch?.rowCount === queued.batch?.rowCount &&
    batch?.rowsPerChunk === queued.batch?.rowsPerChunk &&
    (batch === undefined || hasFittingCounts(batch));
  requireThat(isOfQueued, 'batch', 'of the shape of the job, with no more rows done than there are', batch);
  return {
    ...queued,
    ...{ modelVersion, state, attempts },
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(batch === undefined ? {} : { batch }),
  };
}
