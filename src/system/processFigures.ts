/**
 * The figures of all processes that answer. Each look asks them; a process that has not answered lately is left out. Rates
 * are taken between the oldest and the newest of the last answers of a process.
 */
import type { Broker, Listening } from '../broker/broker.ts';
import type { Figures } from '../contract/messages/figures.ts';

export interface ProcessFiguresOptions {
  readonly broker: Pick<Broker, 'notices'>;
}

/** The answers of a process, oldest first. */
export type Answers = readonly [Figures, ...Figures[]];

interface Heard {
  readonly answers: readonly Figures[];
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** How long processes have to answer. */
const ANSWER_WITHIN_MS = 200;
/** A process that has not answered for so long is left out: it has missed two questions. */
const FORGET_AFTER_MS = 2_500;
/** How far back the answers of a process are kept. */
const KEPT_MS = 10_500;
/** Without questions for so long it listens no more, and all answers are forgotten. */
const LISTEN_FOR_MS = 5_000;
/** Made-up ids must not fill the memory. */
const MAX_PROCESSES = 1_000;

export class ProcessFigures implements Disposable {
  readonly #notices: Broker['notices'];
  readonly #heard = new Map<string, Heard>();
  #listening: Listening | undefined;
  #calm: NodeJS.Timeout | undefined;

  constructor({ broker }: ProcessFiguresOptions) {
    this.#notices = broker.notices;
  }

  /** Asks all processes. The first look asks twice, since one answer gives no rates. */
  async look(): Promise<readonly Answers[]> {
    const isFirst = this.#listening === undefined;
    this.#listening ??= this.#notices.listenFigures((figures) => this.#hear(figures));
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#stopListening(), LISTEN_FOR_MS).unref();
    for (let question = isFirst ? 0 : 1; question < 2; question++) {
      this.#notices.askFigures();
      await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS));
    }
    const now = performance.now();
    for (const [id, { at }] of this.#heard) if (now - at > FORGET_AFTER_MS) this.#heard.delete(id);
    return [...this.#heard.values()].flatMap(({ answers: [first, ...others] }) =>
      first === undefined ? [] : [[first, ...others] as const],
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#calm);
    this.#stopListening();
  }

  #hear(figures: Figures): void {
    const { id, upMs } = figures;
    if (this.#heard.size >= MAX_PROCESSES && !this.#heard.has(id)) return;
    const earlier = this.#heard.get(id)?.answers ?? [];
    const kept = earlier.filter((each) => each.upMs < upMs && upMs - each.upMs <= KEPT_MS);
    this.#heard.set(id, { answers: [...kept, figures], at: performance.now() });
  }

  #stopListening(): void {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
    this.#heard.clear();
  }
}
