/**
 * When the sweeper looks, and into which queues. One question tells which queues are empty. While all are, it is asked
 * every 2.5 s, and nothing else: that is how late the task of a gateway that is gone may expire. As soon as a queue
 * holds jobs, it is asked every half second, and those queues are swept.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';

export interface SweepScheduleOptions {
  readonly broker: Pick<Broker, 'connected' | 'emptyQueues' | 'now'>;
  readonly models: readonly Model[];
  readonly log: Logger;
  /** Ends the schedule. */
  readonly signal: AbortSignal;
}

/** One look at all queues, by the names of their models. */
export interface QueueLook {
  /** Milliseconds since the epoch, broker time. */
  readonly askedAt: number;
  readonly empty: readonly string[];
  readonly filled: readonly string[];
}

const FILLED_INTERVAL_MS = 500;
const EMPTY_INTERVAL_MS = 2_500;

/** The looks, one after another, until the signal aborts. The next one comes a while after the last one was taken. */
export async function* sweepSchedule(options: SweepScheduleOptions): AsyncGenerator<QueueLook> {
  const { broker, models, signal } = options;
  const names = models.map(({ manifest }) => manifest.name);
  for (let intervalMs = FILLED_INTERVAL_MS; !signal.aborted; ) {
    await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted || !broker.connected) continue;
    const askedAt = broker.now();
    const empty = await emptyQueues(options);
    const filled = names.filter((name) => !empty.has(name));
    intervalMs = filled.length === 0 ? EMPTY_INTERVAL_MS : FILLED_INTERVAL_MS;
    yield { askedAt, empty: names.filter((name) => empty.has(name)), filled };
  }
}

/** A queue that the broker cannot tell of may hold jobs. */
async function emptyQueues({ broker, log }: SweepScheduleOptions): Promise<ReadonlySet<string>> {
  try {
    return await broker.emptyQueues();
  } catch (error) {
    log.debug({ reason: messageOf(error) }, 'the queues could not be looked at');
    return new Set();
  }
}
