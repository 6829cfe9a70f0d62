/**
 * The figures of a process, which it tells gateways that ask. They go over core NATS, without a message version. All of
 * them count from the start of the process: a gateway takes rates between two of its messages.
 */
import { COUNT, DURATION, INSTANT, LONGEST_LIST, NAME } from '../bounds.ts';
import { integer, listOf, number, object, type Passing } from '../schema.ts';
import { decoderOf } from './decoder.ts';

export const ProcessRole = { Gateway: 'gateway', Worker: 'worker', Trainer: 'trainer' } as const;
export type ProcessRole = (typeof ProcessRole)[keyof typeof ProcessRole];

const AMOUNT = number('a number from 0 on', 0, Number.MAX_SAFE_INTEGER);
/** Rates are divided by these, so they are never 0. */
const UP_MS = number('milliseconds, from 1 to 100 years', 1, 3.2e12);
const SLOTS = integer('a whole number from 1 on', 1, 2 ** 31 - 1);
const MAX_BUCKETS = 100;

const MODEL_COUNTS = object('what a gateway has counted of a model', {
  model: NAME,
  accepted: AMOUNT,
  refused: AMOUNT,
  succeeded: AMOUNT,
  /** Those that expired are among them. */
  failed: AMOUNT,
  /** The upper bounds of the buckets of `counts` but the last, ascending, in seconds from submission to end. */
  bounds: listOf('a list of seconds', AMOUNT, { maxItems: MAX_BUCKETS }),
  /** Tasks in each bucket; the last one has those beyond. */
  counts: listOf('a list of counts', AMOUNT, { maxItems: MAX_BUCKETS + 1 }),
});
export type ModelCounts = Passing<typeof MODEL_COUNTS>;

export const FIGURES = object(
  'the figures of a process',
  {
    id: NAME,
    /** By its own clock. */
    startedAt: INSTANT,
    /** Milliseconds since its start, on a clock that never goes back. */
    upMs: UP_MS,
    /** Milliseconds of CPU, user and system. */
    cpuMs: AMOUNT,
    memoryBytes: AMOUNT,
    /** How late its event loop was at most since the question before. */
    eventLoopDelayMs: DURATION,
  },
  {
    /** Of a worker: its slots, and the milliseconds that runs have had in all of them. */
    slots: object('the slots of a worker', { count: SLOTS, usedMs: AMOUNT }),
    /** Of a gateway. */
    gateway: object('the figures of a gateway', {
      connections: COUNT,
      subscriptions: COUNT,
      models: listOf(`a list of ${LONGEST_LIST} models at most`, MODEL_COUNTS, { maxItems: LONGEST_LIST }),
    }),
  },
);
export type ToldFigures = Passing<typeof FIGURES>;

export interface Figures extends ToldFigures {
  /** As the subject of the message tells it. */
  readonly role: ProcessRole;
}

/** Throws as every decoder does, see `decoderOf`. */
export const decodeFigures = decoderOf(FIGURES);
