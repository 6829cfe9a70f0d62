/**
 * Whether this gateway can bring a task to its end, and if not, why.
 *
 *  no broker  the server listens, but the broker has not been reached yet.
 *  starting   the broker is there, and the gateway reads its stores.
 *  serving    the state of the broker and the workers decides.
 *  draining   the gateway was told to stop. It still serves, so that balancers can take it out first.
 */
import { messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';

/** Codes of `/ready`. Each is explained in docs/operations.md. */
const NotReadyCode = {
  NoBroker: 'NO_BROKER',
  Starting: 'STARTING',
  StoreFull: 'STORE_FULL',
  NoWorker: 'NO_WORKER',
  Draining: 'DRAINING',
} as const;
type NotReadyCode = (typeof NotReadyCode)[keyof typeof NotReadyCode];

interface NotReady {
  readonly code: NotReadyCode;
  /** A sentence for people. */
  readonly problem: string;
}

export interface ReadinessChecks {
  /** Rejects unless the broker answers and stores what it is given. */
  readonly checkBroker: () => Promise<void>;
  readonly hasWorker: () => boolean;
}

/** Anybody may ask as often as they like. The broker is asked once in this time, in milliseconds. */
const ASK_EVERY_MS = 1_000;

export class Readiness {
  readonly #now: () => number;
  #stage: NotReady | undefined = { code: NotReadyCode.NoBroker, problem: 'waiting for the broker' };
  #checks: ReadinessChecks | undefined;
  /** The check that is under way, or that of the last second. */
  #answer: Promise<NotReady | undefined> | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds on a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  start(): void {
    this.#stage = { code: NotReadyCode.Starting, problem: 'the broker is there, the gateway is starting' };
  }

  serve(checks: ReadinessChecks): void {
    this.#checks = checks;
    this.#stage = undefined;
  }

  drain(): void {
    this.#stage = {
      code: NotReadyCode.Draining,
      problem: 'the gateway was told to stop, and serves what still comes',
    };
  }

  /** @param withoutWorkers whether a gateway that lacks only workers counts as ready. */
  async problem({ withoutWorkers }: { withoutWorkers: boolean }): Promise<NotReady | undefined> {
    const checks = this.#checks;
    if (this.#stage !== undefined || checks === undefined) return this.#stage;
    const brokerProblem = await this.#askBroker(checks);
    if (brokerProblem !== undefined) return brokerProblem;
    if (withoutWorkers || checks.hasWorker()) return undefined;
    return { code: NotReadyCode.NoWorker, problem: 'no worker has announced itself' };
  }

  /** Requests during a check, or soon after it, share its answer. */
  #askBroker({ checkBroker }: ReadinessChecks): Promise<NotReady | undefined> {
    if (this.#answer !== undefined && this.#now() - this.#answeredAt < ASK_EVERY_MS) return this.#answer;
    this.#answeredAt = Number.POSITIVE_INFINITY;
    this.#answer = checkBroker()
      .then(() => undefined, brokerProblemOf)
      .finally(() => {
        this.#answeredAt = this.#now();
      });
    return this.#answer;
  }
}

function brokerProblemOf(error: unknown): NotReady {
  const isFull = error instanceof RequestError && error.code === RequestErrorCode.ResultStoreFull;
  return { code: isFull ? NotReadyCode.StoreFull : NotReadyCode.NoBroker, problem: messageOf(error) };
}
