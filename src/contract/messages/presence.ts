/** Presence: a worker lives, what it serves, and that it leaves. It goes over core NATS, without a message version. */
import { COUNT, INSTANT, LONGEST_LIST, NAME } from '../bounds.ts';
import { listOf, object, type Passing, text } from '../schema.ts';
import { MESSAGE_MAX_CHARACTERS } from '../task.ts';
import { decoderOf } from './decoder.ts';

/**
 * A worker also announces itself after each change, and whenever it is asked. The interval is shorter than 3.5 s, since
 * gateways of version 0.2 forget a worker then.
 */
export const PRESENCE_INTERVAL_MS = 3_000;
/** A worker is forgotten so long after its last presence, or soon after a question that it does not answer. */
export const PRESENCE_TTL_MS = 10_000;

const NAMED_VERSION_MEMBERS = { model: NAME, version: NAME };
const NAMED_VERSION = object('a model and a version', NAMED_VERSION_MEMBERS);
export type NamedVersion = Passing<typeof NAMED_VERSION>;

const VERSION_PRESENCE = object(
  'a version that is served',
  { ...NAMED_VERSION_MEMBERS, executionProvider: NAME },
  {
    /** Tasks that the worker ended in the last 60 s. Absent in messages of older workers. */
    finishedLastMinute: COUNT,
    /** The memory of the GPU that it took when it was loaded, about. Absent without a GPU. */
    deviceMib: COUNT,
    /** What a version that is code runs in, in words. */
    environment: text(`a text of ${MESSAGE_MAX_CHARACTERS} characters at most`, {
      maxLength: MESSAGE_MAX_CHARACTERS,
    }),
  },
);
export type VersionPresence = Passing<typeof VERSION_PRESENCE>;

const REFUSED_VERSION = object('a version that is refused', {
  ...NAMED_VERSION_MEMBERS,
  /** One sentence, for operators: it may name files. */
  reason: text(`a text of ${MESSAGE_MAX_CHARACTERS} characters at most`, {
    maxLength: MESSAGE_MAX_CHARACTERS,
  }),
});
export type RefusedVersion = Passing<typeof REFUSED_VERSION>;

const FEW = { maxItems: LONGEST_LIST };
const LIST = `a list of ${LONGEST_LIST} versions at most`;

export const WORKER_PRESENCE = object(
  'the presence of a worker',
  { id: NAME, startedAt: INSTANT, models: listOf(LIST, VERSION_PRESENCE, FEW) },
  {
    /** The newest version of jobs that it reads. Absent in messages of older workers, which read version 1. */
    reads: COUNT,
    /** Versions that it has looked at and will not serve. Absent in messages of older workers. */
    refused: listOf(LIST, REFUSED_VERSION, FEW),
    /** Versions whose folder is gone, and whose queue it finishes. Absent in messages of older workers. */
    leaving: listOf(LIST, NAMED_VERSION, FEW),
  },
);
/** Sent every `PRESENCE_INTERVAL_MS`. */
export type WorkerPresence = Passing<typeof WORKER_PRESENCE>;

export const WORKER_LEFT = object('the farewell of a worker', { id: NAME });

// Each throws as every decoder does, see `decoderOf`.
export const decodeWorkerPresence = decoderOf(WORKER_PRESENCE);
export const decodeWorkerLeft = decoderOf(WORKER_LEFT);
