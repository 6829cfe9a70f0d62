/**
 * The figures of all processes that answer. Each look asks them; a process that has not answered lately is left out. Rates
 * are taken between the oldest and the newest of the last answers of a process.
 */
import type { Broker, Listening } from '../broker/broker.ts';
import { type Figures, ProcessRole } from '../contract/messages/figures.ts';
import type { Model } from '../models/models.ts';

export interface ProcessFiguresOptions {
  readonly broker: Pick<Broker, 'notices'>;
  /** What is told of other models is dropped. */
  readonly models: readonly Model[];
}

/** The answers of a process, oldest first. */
export type Answers = readonly [Figures, ...Figures[]];

interface Heard {
  readonly figures: Figures;
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** How long processes have to answer. */
const ANSWER_WITHIN_MS = 200;
/** A process that has not answered for so long is left out: it has missed two questions. */
const FORGET_AFTER_MS = 2_500;
/** Of each process. With the least interval and one question a second, that is 10 s. */
const MAX_ANSWERS = 12;
/** A newer answer that comes sooner replaces the newest, so a process that floods gets no more room. */
const LEAST_INTERVAL_MS = 500;
/** How far the clock of a process may get ahead of the time between its answers, since messages may come late. */
const MAX_JUMP_MS = 5_000;
/** Without questions for so long it listens no more, and all answers are forgotten. */
const LISTEN_FOR_MS = 5_000;
/** Of each role, so that made-up ids of workers do not take the places of gateways. */
const MAX_PROCESSES = 500;

export class ProcessFigures implements Disposable {
  readonly #notices: Broker['notices'];
  readonly #models: ReadonlySet<string>;
  readonly #heard: Readonly<Record<ProcessRole, Map<string, Heard[]>>> = {
    gateway: new Map(),
    worker: new Map(),
    trainer: new Map(),
  };
  #listening: Listening | undefined;
  #calm: NodeJS.Timeout | undefined;

  constructor({ broker, models }: ProcessFiguresOptions) {
    this.#notices = broker.notices;
    this.#models = new Set(models.map(({ manifest }) => manifest.name));
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
    const all = Object.values(this.#heard);
    for (const heard of all)
      for (const [id, answers] of heard)
        if (now - (answers.at(-1)?.at ?? 0) > FORGET_AFTER_MS) heard.delete(id);
    return all
      .flatMap((heard) => [...heard.values()])
      .flatMap((answers) => {
        const [first, ...others] = answers.map(({ figures }) => figures);
        return first === undefined ? [] : [[first, ...others] as const];
      });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#calm);
    this.#stopListening();
  }

  #hear(figures: Figures): void {
    const { id, role, upMs, gateway, slots } = figures;
    if (gateway !== undefined && role !== ProcessRole.Gateway) return;
    if (slots !== undefined && role !== ProcessRole.Worker) return;
    const heard = this.#heard[role];
    const answers = heard.get(id) ?? [];
    if (answers.length === 0 && heard.size >= MAX_PROCESSES) return;
    const at = performance.now();
    const newest = answers.at(-1);
    if (newest !== undefined) {
      const passedMs = upMs - newest.figures.upMs;
      if (passedMs <= 0 || passedMs > at - newest.at + MAX_JUMP_MS) return;
    }
    const before = answers.at(-2);
    if (newest !== undefined && before !== undefined && newest.at - before.at < LEAST_INTERVAL_MS)
      answers.pop();
    if (answers.length >= MAX_ANSWERS) answers.shift();
    answers.push({ figures: this.#ofServedModels(figures), at });
    heard.set(id, answers);
  }

  #ofServedModels({ gateway, ...others }: Figures): Figures {
    if (gateway === undefined) return others;
    const models = gateway.models.filter(({ model }) => this.#models.has(model));
    return { ...others, gateway: { ...gateway, models } };
  }

  #stopListening(): void {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
    for (const heard of Object.values(this.#heard)) heard.clear();
  }
}
