/**
 * The live workers as this gateway knows them, from core NATS messages.
 *
 * Idle workers announce themselves seldom. While somebody looks at the list, they are asked once a second, and a worker
 * that leaves questions unanswered is forgotten. So a dead worker is noticed within seconds when it matters, which is
 * when tasks come or the gateway's health is asked for, and idle processes hardly talk.
 */
import type { Broker, Listening } from '../broker/broker.ts';
import { PRESENCE_TTL_MS, type WorkerPresence } from '../contract/messages/presence.ts';
import { publicReason } from '../models/publicReason.ts';

export interface LiveWorkersOptions {
  readonly broker: Pick<Broker, 'notices' | 'onConnectionChange'>;
  /** Left out of the reasons that clients see. */
  readonly modelsDir: string;
}

interface LiveWorker {
  readonly presence: WorkerPresence;
  /** All on the clock of `performance.now()`. */
  readonly heardAt: number;
  /** Of the first question since then. */
  askedAt: number | undefined;
}

/** One queue cannot serve more. Made-up ids must not fill the memory. */
const MAX_WORKERS = 10_000;
/** Workers that were heard within this time are not asked, and they are asked no more often. */
const ASK_EVERY_MS = 1_000;
/** A worker that does not answer for so long is forgotten. */
const ANSWER_WITHIN_MS = 2_500;

export class LiveWorkers implements Disposable {
  readonly #broker: LiveWorkersOptions['broker'];
  readonly #modelsDir: string;
  readonly #workers = new Map<string, LiveWorker>();
  readonly #listeners = new Set<(presence: WorkerPresence) => void>();
  readonly #listening = new DisposableStack();
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor({ broker, modelsDir }: LiveWorkersOptions) {
    this.#broker = broker;
    this.#modelsDir = modelsDir;
    this.#listening.use(
      broker.notices.listenWorkers({
        present: (presence) => this.#hear(this.#told(presence)),
        left: (id) => this.#workers.delete(id),
      }),
    );
    this.#listening.use(broker.onConnectionChange((connected) => connected && this.#ask()));
  }

  /** The workers that live as far as is known, by id. Each call also asks them, so that the next one knows more. */
  list(): readonly WorkerPresence[] {
    this.#forgetSilent();
    this.#ask();
    return [...this.#workers.values()]
      .map(({ presence }) => presence)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @param listener is called with each presence, once the list has it. */
  onPresence(listener: (presence: WorkerPresence) => void): Listening {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  /** A worker that is not ours may name files of its machine. */
  #told(presence: WorkerPresence): WorkerPresence {
    if (presence.refused === undefined) return presence;
    const refused = presence.refused.map((each) => ({
      ...each,
      reason: publicReason(each.reason, this.#modelsDir),
    }));
    return { ...presence, refused };
  }

  #hear(presence: WorkerPresence): void {
    if (this.#workers.size >= MAX_WORKERS && !this.#workers.has(presence.id)) {
      this.#forgetSilent();
      if (this.#workers.size >= MAX_WORKERS) return;
    }
    this.#workers.set(presence.id, { presence, heardAt: performance.now(), askedAt: undefined });
    for (const listener of this.#listeners) listener(presence);
  }

  /** Asks the workers to announce themselves, unless all of them have just done so or were just asked. */
  #ask(): void {
    const now = performance.now();
    if (now - this.#askedAt < ASK_EVERY_MS) return;
    const known = [...this.#workers.values()];
    if (known.length > 0 && known.every(({ heardAt }) => now - heardAt < ASK_EVERY_MS)) return;
    this.#askedAt = now;
    for (const worker of known) worker.askedAt ??= now;
    this.#broker.notices.askWorkers();
  }

  #forgetSilent(): void {
    const now = performance.now();
    for (const [id, { heardAt, askedAt = now }] of this.#workers) {
      if (now - heardAt > PRESENCE_TTL_MS || now - askedAt > ANSWER_WITHIN_MS) this.#workers.delete(id);
    }
  }
}
