/** Makes the queue of a served version, and tells whether it is empty. */
import type { Broker } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import type { Logger } from '../src/process/log.ts';
import { waitToRetry } from './settle.ts';

export interface VersionQueueOptions {
  readonly broker: Pick<Broker, 'ensureVersion' | 'jobsLeft' | 'whenConnected'>;
  readonly model: string;
  readonly version: string;
  readonly log: Logger;
}

/** At a broker with roles it may last until an admin makes the queue. */
const TRIES_PER_WARNING = 120;

export class VersionQueue {
  readonly #options: VersionQueueOptions;

  constructor(options: VersionQueueOptions) {
    this.#options = options;
  }

  /** Makes the queue if it is missing. Tries again until it is there, or until the signal aborts. */
  async ensure(signal: AbortSignal): Promise<void> {
    const { broker, model, version, log } = this.#options;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        return await broker.ensureVersion(model, version);
      } catch (error) {
        if (tries % TRIES_PER_WARNING === 0)
          log.warn({ reason: messageOf(error) }, 'the queue of a version could not be made, trying again');
        await waitToRetry(broker, signal);
      }
    }
  }

  /** Whether no job waits and no worker has one. False if the broker does not answer. */
  async isEmpty(): Promise<boolean> {
    const { broker, model, version, log } = this.#options;
    try {
      return (await broker.jobsLeft(model, version)) === 0;
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'the queue of a version could not be looked at');
      return false;
    }
  }
}
