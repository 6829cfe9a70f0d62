/**
 * Notices that a task has ended while a trainer works on a step of it: it was cancelled, or its time is over. The end is
 * heard when it is stored; a notice that was lost is made up for by reading now and then.
 */
import type { Broker, Listening } from '../../src/broker/broker.ts';
import { endWork, expiredWork } from '../../src/broker/endWork.ts';
import { messageOf } from '../../src/contract/errors.ts';
import type { StepJob } from '../../src/contract/messages/work.ts';
import type { WorkAddress } from '../../src/contract/workId.ts';
import type { Logger } from '../../src/process/log.ts';

export interface EndWatchOptions {
  readonly broker: Pick<Broker, 'work' | 'now'>;
  readonly address: WorkAddress;
  readonly job: StepJob;
  /** Its lines name the task. */
  readonly log: Logger;
  /** Called once the task has an end. */
  readonly onEnd: () => void;
}

const LOOK_EVERY_MS = 30_000;
/** After the deadline a look that failed is repeated. */
const LEAST_PAUSE_MS = 1_000;

export class EndWatch implements Disposable {
  readonly #options: EndWatchOptions;
  readonly #listening: Listening;
  #timer: NodeJS.Timeout;
  #isClosed = false;

  private constructor(options: EndWatchOptions, listening: Listening) {
    this.#options = options;
    this.#listening = listening;
    this.#timer = this.#lookLater(0);
  }

  static async open(options: EndWatchOptions): Promise<EndWatch> {
    const { broker, address, onEnd } = options;
    return new EndWatch(options, await broker.work.listenEnd(address, onEnd));
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#listening[Symbol.dispose]();
  }

  #lookLater(leastMs: number): NodeJS.Timeout {
    const { broker, job } = this.#options;
    const untilDeadline = Math.max(leastMs, job.deadline - broker.now());
    return setTimeout(() => void this.#look(), Math.min(LOOK_EVERY_MS, untilDeadline + 1));
  }

  async #look(): Promise<void> {
    const { broker, address, job, log, onEnd } = this.#options;
    try {
      // Gateways end tasks at their deadline, if there is one.
      if (broker.now() >= job.deadline) await endWork(broker, address, job, expiredWork(job));
      if ((await broker.work.readEnd(address)) !== undefined) {
        onEnd();
        return;
      }
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'the end of a task cannot be looked up');
    }
    if (!this.#isClosed) this.#timer = this.#lookLater(LEAST_PAUSE_MS);
  }
}
