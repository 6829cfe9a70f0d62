/**
 * Asks the broker again while it does not answer, for as long as it takes to elect a leader. Subscriptions that are open
 * wait for a broker that is away. Without this, those that are opened meanwhile, as after a reconnect, would fail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';

export interface PatienceOptions {
  readonly broker: Pick<Broker, 'whenConnected'>;
  /** Then it does not ask again. A question that is open goes on. */
  readonly signal: AbortSignal;
}

/** nats-server starts an election 4 to 9 s after the last sign of a leader. */
const PATIENCE_MS = 12_000;
const RETRY_MS = 100;

/** @throws what the question throws: `BROKER_UNAVAILABLE` once the patience is over. */
export async function patiently<T>(options: PatienceOptions, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isAway(error)) throw error;
    return await askAgain(options, ask);
  }
}

async function askAgain<T>({ broker, signal }: PatienceOptions, ask: () => Promise<T>): Promise<T> {
  const answered = new AbortController();
  const ended = AbortSignal.any([signal, answered.signal]);
  let isOver = false;
  const over = sleep(PATIENCE_MS, undefined, { signal: ended })
    .catch(() => {})
    .then(() => {
      isOver = true;
    });
  try {
    for (;;) {
      await Promise.race([over, Promise.all([sleep(RETRY_MS), broker.whenConnected()])]);
      try {
        return await ask();
      } catch (error) {
        if (isOver || !isAway(error)) throw error;
      }
    }
  } finally {
    answered.abort();
  }
}

function isAway(error: unknown): boolean {
  return error instanceof RequestError && error.code === RequestErrorCode.BrokerUnavailable;
}
