/**
 * The slots of a worker: how many runs it has going at once, over all its sessions. While there are enough, whoever
 * asks has one at once. When models compete, a slot goes to the one that had the least time for its weight (start-time
 * fair queueing): a model's virtual time moves on by the length of its runs divided by its weight, and the smallest is
 * served next. A model that was idle begins at the present virtual time: its share was lent, and is not saved up. What
 * is a last resort comes after all others, whatever time it had.
 */

/** A flow of start-time fair queueing: one model's runs. Its versions share it. */
export interface Flow {
  readonly weight: number;
  /** Milliseconds in slots, divided by the weight; runs that go on now are not in it yet. */
  virtualTime: number;
  /** Served only while nobody else waits. */
  readonly lastResort?: true;
}

interface Waiting {
  readonly flow: Flow;
  /** Virtual time when it asked. */
  readonly start: number;
  readonly grant: () => void;
}

export interface SlotsOptions {
  /** Whether several users of a flow wait for each other, on slots of their own, before they ask here. @default false */
  readonly usersTakeTurns?: boolean;
  /** Gives monotonic milliseconds. @default performance.now */
  readonly clock?: () => number;
}

export class Slots {
  readonly #usersTakeTurns: boolean;
  readonly #clock: () => number;
  readonly #waiting: Waiting[] = [];
  #free: number;
  #calm = Promise.withResolvers<void>();
  /** Virtual time: where the newest run began. */
  #present = 0;

  constructor(count: number, { usersTakeTurns = false, clock = () => performance.now() }: SlotsOptions = {}) {
    this.#free = count;
    this.#usersTakeTurns = usersTakeTurns;
    this.#clock = clock;
  }

  /** Resolves while nobody waits for a slot. */
  async calm(): Promise<void> {
    while (this.#waiting.length > 0) await this.#calm.promise;
  }

  /** Does work that belongs to a flow, once a slot is free for it. */
  async run<T>(flow: Flow, work: () => Promise<T>): Promise<T> {
    const start = Math.max(flow.virtualTime, this.#present);
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((grant) => this.#waiting.push({ flow, start, grant }));
    flow.virtualTime = Math.max(flow.virtualTime, start);
    this.#present = Math.max(this.#present, flow.virtualTime);
    const beganAt = this.#clock();
    try {
      return await work();
    } finally {
      flow.virtualTime += (this.#clock() - beganAt) / flow.weight;
      this.#release();
    }
  }

  /**
   * A slot that others wait for is given away only after who had it could ask again: otherwise two models would take
   * turns, whatever their weights. Whoever has more work asks in the same turn of the event loop; where users take turns
   * among themselves, the next of them gets that turn, and asks, one later.
   */
  #release(): void {
    if (this.#waiting.length === 0) this.#free++;
    else if (this.#usersTakeTurns) setImmediate(() => setImmediate(() => this.#grantNext()));
    else setImmediate(() => this.#grantNext());
  }

  #grantNext(): void {
    const onlyLastResorts = this.#waiting.every(({ flow }) => flow.lastResort);
    const tags = this.#waiting.map(({ flow, start }) =>
      flow.lastResort && !onlyLastResorts ? Number.POSITIVE_INFINITY : Math.max(flow.virtualTime, start),
    );
    const [next] = this.#waiting.splice(tags.indexOf(Math.min(...tags)), 1);
    if (next === undefined) this.#free++;
    else next.grant();
    if (this.#waiting.length > 0) return;
    this.#calm.resolve();
    this.#calm = Promise.withResolvers();
  }
}
