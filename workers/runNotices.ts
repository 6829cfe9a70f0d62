/**
 * Tells gateways which of their tasks run. Mostly a run is over before anybody could see that it goes on, so it is
 * announced only if it takes longer, or if clients of the gateway watch each change.
 */
import type { Broker, Listening } from '../src/broker/broker.ts';
import { PARTIAL_MAX_BYTES, type PartialOutput } from '../src/contract/messages/notices.ts';

/** A task that runs, as a notice names it. */
export interface RunningTask {
  readonly home: string;
  readonly taskId: string;
  readonly attempts: number;
}

/** A run that takes longer is announced. */
const LONG_RUN_MS = 5;
/** Gateways repeat their wish more often. */
const WISH_LASTS_MS = 5_000;

/** A task that runs, with what its run has given so far. */
export interface PartialTask extends RunningTask {
  readonly partial: PartialOutput;
}

export class RunNotices implements Disposable {
  readonly #broker: Pick<Broker, 'notices'>;
  readonly #listening: Listening;
  /** Until when a home wants each update, on the clock of `performance.now()`. */
  readonly #wanted = new Map<string, number>();

  constructor({ broker }: { readonly broker: Pick<Broker, 'notices'> }) {
    this.#broker = broker;
    this.#listening = broker.notices.listenUpdatesWanted((home) =>
      this.#wanted.set(home, performance.now() + WISH_LASTS_MS),
    );
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  /**
   * A run has started.
   *
   * @param tasksOf is called when a notice is sent.
   * @returns is disposed when the run is over.
   */
  started(tasksOf: () => readonly RunningTask[], startedAt: number): Disposable {
    const watched = this.#watchedHomes();
    if (watched.size > 0) this.#announce(tasksOf, startedAt, (home) => watched.has(home));
    const announceOthers = () => this.#announce(tasksOf, startedAt, (home) => !watched.has(home));
    const timer = setTimeout(announceOthers, LONG_RUN_MS);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }

  /** Whether clients of a gateway watch tasks. */
  get isWatched(): boolean {
    return this.#watchedHomes().size > 0;
  }

  /** Tells the gateways whose clients watch their tasks. A partial output that is too large for a message is not told. */
  tellPartials(tasks: readonly PartialTask[], startedAt: number): void {
    const watched = this.#watchedHomes();
    for (const [home, ofHome] of Map.groupBy(tasks, (task) => task.home)) {
      if (!watched.has(home)) continue;
      let told: PartialTask[] = [];
      let bytes = 0;
      for (const task of ofHome) {
        const size = JSON.stringify(task.partial.output).length;
        if (size > PARTIAL_MAX_BYTES) continue;
        if (bytes + size > PARTIAL_MAX_BYTES) {
          this.#tell(home, told, startedAt);
          told = [];
          bytes = 0;
        }
        told.push(task);
        bytes += size;
      }
      if (told.length > 0) this.#tell(home, told, startedAt);
    }
  }

  #tell(home: string, tasks: readonly PartialTask[], startedAt: number): void {
    this.#broker.notices.announceRunning(home, {
      startedAt,
      taskIds: tasks.map(({ taskId }) => taskId),
      attempts: tasks.map(({ attempts }) => attempts),
      partials: tasks.map(({ partial }) => partial),
    });
  }

  #announce(
    tasksOf: () => readonly RunningTask[],
    startedAt: number,
    isMeant: (home: string) => boolean,
  ): void {
    for (const [home, tasks] of Map.groupBy(tasksOf(), (task) => task.home)) {
      if (!isMeant(home)) continue;
      const taskIds = tasks.map(({ taskId }) => taskId);
      const attempts = tasks.map((task) => task.attempts);
      this.#broker.notices.announceRunning(home, { startedAt, taskIds, attempts });
    }
  }

  #watchedHomes(): ReadonlySet<string> {
    const now = performance.now();
    for (const [home, until] of this.#wanted) if (until <= now) this.#wanted.delete(home);
    return new Set(this.#wanted.keys());
  }
}
