/** The queue of one version, as a worker that serves the version sees to it. */
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

export class VersionQueue {
  readonly #options: VersionQueueOptions;

  constructor(options: VersionQueueOptions) {
    this.#options = options;
  }

  /** Sees that the queue is there, for as long as it takes, or until the signal. */
  async ensure(signal: AbortSignal): Promise<void> {
    const { broker, model, version, log } = this.#options;
    while (!signal.aborted) {
      try {
        return await broker.ensureVersion(model, version);
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'the queue of a version could not be seen to, trying again');
        await waitToRetry(broker, signal);
      }
    }
  }

  /** Whether no job waits or is in a worker's hands. False if the broker does not tell. */
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
