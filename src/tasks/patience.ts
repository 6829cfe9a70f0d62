/**
 * Asks the broker again while it does not answer, for as long as it takes to elect a leader. Clients that subscribe just
 * then, as after a reconnect, would otherwise be cut off by what those who subscribed before do not even notice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';

export interface PatienceOptions {
  readonly broker: Pick<Broker, 'whenConnected'>;
  /** Ends the patience, not a question that is open. */
  readonly signal: AbortSignal;
}

/** nats-server starts an election 4 to 9 s after the last sign of a leader. */
const PATIENCE_MS = 12_000;
const RETRY_MS = 100;

/** @throws what the question throws: `BROKER_UNAVAILABLE` once the patience is over. */
export async function patiently<T>({ broker, signal }: PatienceOptions, ask: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const leftMs = giveUpAt - performance.now();
      if (!isAway(error) || leftMs <= 0 || signal.aborted) throw error;
      const isOver = sleep(leftMs, undefined, { signal }).catch(() => {});
      await Promise.all([sleep(RETRY_MS), Promise.race([broker.whenConnected(), isOver])]);
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof RequestError && error.code === RequestErrorCode.BrokerUnavailable;
}
