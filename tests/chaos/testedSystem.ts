/** The system under test: real processes that are started again when they die, as by the supervisor. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { Clients, type Load } from './clients.ts';
import type { Oracle } from './oracle.ts';
import type { Random } from './random.ts';

type Environment = Readonly<Record<string, string>>;

/** Each task is asked for at the end, and a scenario with many tasks takes longer than results live by default. */
const KEPT_FOR_LONG = { RESULT_TTL_S: '86400' };

export interface TestedSystemOptions {
  readonly oracle: Oracle;
  readonly random: Random;
  readonly seed: string;
  /** @default a new nats-server */
  readonly broker?: { readonly url: string };
  /** The environment of each process. @default two processes */
  readonly gateways?: readonly Environment[];
  readonly workers?: readonly Environment[];
}

export interface Faults {
  /** The number of faults. */
  readonly count: number;
  readonly strike: (i: number) => Promise<void>;
}

export const NO_FAULTS: Faults = { count: 0, strike: async () => {} };

const RESTART_AFTER_MS = 200;
const JOBS_LEAVE_WITHIN_MS = 20_000;

/** A process that is started again whenever it ends. */
export class Kept<P extends Process> implements AsyncDisposable {
  readonly #start: () => Promise<P>;
  readonly #keeping: Promise<void>;
  #next = Promise.withResolvers<void>();
  #closed = false;
  current: P;
  #up = true;

  private constructor(first: P, start: () => Promise<P>) {
    this.current = first;
    this.#start = start;
    this.#keeping = this.#keep();
  }

  /** @param start gets the first process when it starts a later one, which must be like it. */
  static async start<P extends Process>(start: (first: P | undefined) => Promise<P>): Promise<Kept<P>> {
    const first = await start(undefined);
    return new Kept(first, () => start(first));
  }

  /** Ends the process. Resolves once another one serves in its place. */
  async replace(signal: NodeJS.Signals): Promise<void> {
    while (!this.#up) await this.#next.promise;
    const { promise } = this.#next;
    this.current.kill(signal);
    await promise;
  }

  /** Pauses the process for a while. */
  async freeze(ms: number): Promise<void> {
    const { current } = this;
    current.kill('SIGSTOP');
    await sleep(ms);
    current.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#up) await this.current[Symbol.asyncDispose]();
    await this.#keeping;
  }

  async #keep(): Promise<void> {
    for (;;) {
      await this.current.ended;
      this.#up = false;
      while (!this.#up) {
        if (this.#closed) return;
        await this.#start().then(
          (started) => {
            this.current = started;
            this.#up = true;
          },
          () => sleep(RESTART_AFTER_MS),
        );
      }
      if (this.#closed) await this.current[Symbol.asyncDispose]();
      this.#next.resolve();
      this.#next = Promise.withResolvers();
    }
  }
}

export class TestedSystem implements AsyncDisposable {
  readonly #options: TestedSystemOptions;
  readonly #stack: AsyncDisposableStack;
  readonly clients: Clients;
  readonly broker: { readonly url: string };
  readonly gateways: readonly Kept<Gateway>[];
  readonly workers: readonly Kept<Process>[];

  private constructor(
    options: TestedSystemOptions,
    stack: AsyncDisposableStack,
    parts: Pick<TestedSystem, 'broker' | 'gateways' | 'workers'>,
  ) {
    this.#options = options;
    this.#stack = stack;
    this.broker = parts.broker;
    this.gateways = parts.gateways;
    this.workers = parts.workers;
    const urls = this.gateways.map(({ current }) => current.url);
    this.clients = stack.use(new Clients({ urls, oracle: options.oracle, seed: options.seed }));
  }

  static async start(options: TestedSystemOptions): Promise<TestedSystem> {
    const { gateways = [{}, {}], workers = [{}, {}] } = options;
    await using stack = new AsyncDisposableStack();
    const broker = options.broker ?? stack.use(await startNats());
    const keep = async <P extends Process>(start: (first: P | undefined) => Promise<P>) =>
      stack.use(await Kept.start(start));
    const keepGateway = (env: Environment) =>
      keep<Gateway>((first) =>
        startGateway(broker, {
          PORT: first === undefined ? '0' : new URL(first.url).port,
          ...KEPT_FOR_LONG,
          ...env,
        }),
      );
    const keepWorker = (env: Environment) =>
      keep<Process>(() => startWorker(broker, { ...KEPT_FOR_LONG, ...env }));
    const [keptGateways, keptWorkers] = await Promise.all([
      Promise.all(gateways.map(keepGateway)),
      Promise.all(workers.map(keepWorker)),
    ]);
    return new TestedSystem(options, stack.move(), { broker, gateways: keptGateways, workers: keptWorkers });
  }

  /**
   * Runs a load while faults happen, one after the other, at random moments. Then it asks every gateway about every
   * task, and checks that no job is left in the queue.
   */
  async run(load: Load, faults: Faults): Promise<void> {
    const { random } = this.#options;
    const moments = Array.from(
      { length: faults.count },
      () => random.between(0.08, 0.9) * load.seconds * 1000,
    );
    const startedAt = performance.now();
    const striking = async () => {
      for (const [i, moment] of moments.toSorted((a, b) => a - b).entries()) {
        await sleep(Math.max(0, startedAt + moment - performance.now()));
        await faults.strike(i);
      }
    };
    await Promise.all([this.clients.run(load), striking()]);
    await this.clients.audit();
    await this.#expectEmptyQueue();
  }

  async #expectEmptyQueue(): Promise<void> {
    await using streams = await inspectStreams(this.broker);
    const giveUpAt = performance.now() + JOBS_LEAVE_WITHIN_MS;
    for (;;) {
      const { messages } = await streams.state('JOBS_trip-duration');
      if (messages === 0) return;
      if (performance.now() > giveUpAt) {
        this.#options.oracle.surprise(`${messages} jobs were left behind`);
        return;
      }
      await sleep(100);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
