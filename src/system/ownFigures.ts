/**
 * Answers gateways that ask for the figures of this process. While none asks, it does nothing: the delay of the event loop
 * is measured from the first question on, and until questions stop.
 */
import type { Broker } from '../broker/broker.ts';
import type { Figures } from '../contract/messages/figures.ts';
import { EventLoopDelay } from '../process/eventLoopDelay.ts';

type MoreFigures = Pick<Figures, 'slots' | 'gateway'>;

export interface OwnFiguresOptions extends Pick<Figures, 'id' | 'role'> {
  readonly broker: Pick<Broker, 'notices'>;
  /** What a process of this role tells beside that. */
  readonly more?: () => MoreFigures | Promise<MoreFigures>;
}

/** Questions of several gateways that come together get one answer, which all of them hear. */
const LEAST_INTERVAL_MS = 100;
/** A gateway with watchers asks once a second. */
const ASKED_UNTIL_MS = 5_000;
const DELAY_WINDOW_MS = 1_000;
const MICROSECONDS_PER_MS = 1e3;
const S = 1_000;

export class OwnFigures implements Disposable {
  readonly #options: OwnFiguresOptions;
  readonly #startedAt = Math.round(Date.now() - process.uptime() * S);
  readonly #listening: Disposable;
  readonly #delay = new EventLoopDelay({ windowMs: DELAY_WINDOW_MS });
  #answeredAt = Number.NEGATIVE_INFINITY;
  #calm: NodeJS.Timeout | undefined;

  constructor(options: OwnFiguresOptions) {
    this.#options = options;
    this.#listening = options.broker.notices.listenFigureQuestions(() => void this.#answer());
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    clearTimeout(this.#calm);
    this.#delay[Symbol.dispose]();
  }

  async #answer(): Promise<void> {
    const now = performance.now();
    if (now - this.#answeredAt < LEAST_INTERVAL_MS) return;
    this.#answeredAt = now;
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#delay[Symbol.dispose](), ASKED_UNTIL_MS).unref();
    this.#options.broker.notices.tellFigures(await this.#figures());
  }

  async #figures(): Promise<Figures> {
    const { id, role, more } = this.#options;
    const { user, system } = process.cpuUsage();
    return {
      id,
      role,
      startedAt: this.#startedAt,
      upMs: process.uptime() * S,
      cpuMs: (user + system) / MICROSECONDS_PER_MS,
      memoryBytes: process.memoryUsage.rss(),
      eventLoopDelayMs: this.#delay.read().longest,
      ...(await more?.()),
    };
  }
}
