/**
 * How many jobs of a model are unfinished, in all gateways. The broker could only tell the number of messages, and one
 * message carries several jobs. So each gateway counts those that it has accepted, and tells the others as long as it has
 * any. Jobs of a gateway that is gone do not count; the bytes of the queue, which the broker counts, still bound them.
 */
import type { Broker } from '../broker/broker.ts';
import type { Model } from '../models/models.ts';
import type { OpenTasks } from './openTasks.ts';

export interface QueuedJobsOptions {
  readonly broker: Pick<Broker, 'notices'>;
  readonly home: string;
  readonly models: readonly Model[];
  readonly open: Pick<OpenTasks, 'ownJobs'>;
}

const TELL_INTERVAL_MS = 1_000;
const FORGET_AFTER_MS = 3_500;

interface Told {
  readonly jobs: Readonly<Record<string, number>>;
  /** On the clock of `performance.now()`. */
  readonly forgetAt: number;
}

export class QueuedJobs implements Disposable {
  readonly #options: QueuedJobsOptions;
  /** By home of another gateway. */
  readonly #others = new Map<string, Told>();
  readonly #listening = new DisposableStack();
  #lastTold = '{}';

  constructor(options: QueuedJobsOptions) {
    const { broker, home } = options;
    this.#options = options;
    const listening = broker.notices.listenQueued((notice) => {
      if (notice.home !== home)
        this.#others.set(notice.home, { jobs: notice.jobs, forgetAt: performance.now() + FORGET_AFTER_MS });
    });
    this.#listening.use(listening);
    const timer = setInterval(() => this.#tell(), TELL_INTERVAL_MS).unref();
    this.#listening.defer(() => clearInterval(timer));
  }

  /** The unfinished jobs of a model: its single tasks, row batches and their chunks. */
  of(model: string): number {
    let jobs = this.#options.open.ownJobs(model);
    if (this.#others.size === 0) return jobs;
    const now = performance.now();
    for (const [home, told] of this.#others) {
      if (told.forgetAt <= now) this.#others.delete(home);
      else jobs += told.jobs[model] ?? 0;
    }
    return jobs;
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  /** While there are any, and once more when there are none. */
  #tell(): void {
    const { broker, home, models, open } = this.#options;
    const counts = models.map(({ manifest: { name } }) => [name, open.ownJobs(name)] as const);
    const jobs = Object.fromEntries(counts.filter(([, count]) => count > 0));
    const told = JSON.stringify(jobs);
    if (told === '{}' && this.#lastTold === '{}') return;
    this.#lastTold = told;
    broker.notices.announceQueued({ home, jobs });
  }
}
