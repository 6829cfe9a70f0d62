/**
 * Slots: so many runs go on at once. While a slot is free, a run gets one at once. When flows compete, a slot goes to
 * the flow that had the least time for its weight (start-time fair queueing): a flow's virtual time moves on by the
 * length of its runs divided by its weight, and the smallest is served next. A flow that was idle begins at the present
 * virtual time: its share was lent, and is not saved up. A last resort is served after all other flows, whatever time
 * it had.
 *
 * A run may need a place, too, that has one run at a time. Until the place is free it waits, and takes no slot from
 * others.
 *
 * Used for the slots of a worker, where the flows are models and the places are shared hosts, for the turns of a session,
 * where the flows are lanes, and for the turns of a host.
 */

/** A flow of start-time fair queueing: the runs of one model, or of one lane. */
export interface Flow {
  readonly weight: number;
  /** Milliseconds in slots, divided by the weight; runs that go on now are not in it yet. */
  virtualTime: number;
  /** Served only while no other flow waits. */
  readonly lastResort?: true;
}

interface Waiting {
  readonly flow: Flow;
  /** Virtual time when it asked. */
  readonly start: number;
  readonly place: object | undefined;
  readonly grant: () => void;
}

export interface SlotsOptions {
  /**
   * Whether several users of a flow wait for each other, on slots of their own, before they ask here. @default false
   */
  readonly usersTakeTurns?: boolean;
  /** Gives monotonic milliseconds. @default performance.now */
  readonly clock?: () => number;
}

export class Slots {
  readonly #count: number;
  readonly #usersTakeTurns: boolean;
  readonly #clock: () => number;
  readonly #waiting: Waiting[] = [];
  readonly #taken = new Set<object>();
  #free: number;
  /** Of the runs that have ended. */
  #endedMs = 0;
  /** Of the runs that go on: their number, and the sum of the times when they began. */
  #running = { count: 0, beganAt: 0 };
  #calm = Promise.withResolvers<void>();
  /** Virtual time: where the newest run began. */
  #present = 0;

  constructor(count: number, { usersTakeTurns = false, clock = () => performance.now() }: SlotsOptions = {}) {
    this.#count = count;
    this.#free = count;
    this.#usersTakeTurns = usersTakeTurns;
    this.#clock = clock;
  }

  get count(): number {
    return this.#count;
  }

  /** The runs that go on. */
  get busy(): number {
    return this.#count - this.#free;
  }

  /** Whether a run waits that is no last resort. */
  get areWanted(): boolean {
    return this.#waiting.some(({ flow }) => !flow.lastResort);
  }

  /** Milliseconds that runs have had in all slots. */
  get usedMs(): number {
    const { count, beganAt } = this.#running;
    // A sum of fractions is a little off.
    return Math.max(0, this.#endedMs + count * this.#clock() - beganAt);
  }

  /** Resolves while no run waits for a slot. */
  async calm(): Promise<void> {
    while (this.#waiting.length > 0) await this.#calm.promise;
  }

  /** Does work that belongs to a flow, once a slot is free for it, and its place, if it has one. */
  async run<T>(flow: Flow, work: () => Promise<T>, place?: object): Promise<T> {
    const start = Math.max(flow.virtualTime, this.#present);
    if (this.#free > 0 && this.#isFree(place)) this.#take(place);
    else await new Promise<void>((grant) => this.#waiting.push({ flow, start, place, grant }));
    flow.virtualTime = Math.max(flow.virtualTime, start);
    this.#present = Math.max(this.#present, flow.virtualTime);
    const beganAt = this.#clock();
    this.#running.count++;
    this.#running.beganAt += beganAt;
    try {
      return await work();
    } finally {
      const usedMs = this.#clock() - beganAt;
      this.#running.count--;
      this.#running.beganAt -= beganAt;
      this.#endedMs += usedMs;
      flow.virtualTime += usedMs / flow.weight;
      this.#release(place);
    }
  }

  /**
   * A slot that others wait for is given away only after the flow that had it could ask again: otherwise two flows
   * would alternate, whatever their weights. A flow with more work asks in the same round of the event loop. Where the
   * users of a flow wait for each other, the next of them asks one round later.
   */
  #release(place: object | undefined): void {
    if (this.#waiting.length === 0) this.#giveBack(place);
    else if (this.#usersTakeTurns) setImmediate(() => setImmediate(() => this.#grantNext(place)));
    else setImmediate(() => this.#grantNext(place));
  }

  #giveBack(place: object | undefined): void {
    this.#free++;
    if (place !== undefined) this.#taken.delete(place);
  }

  #take(place: object | undefined): void {
    this.#free--;
    if (place !== undefined) this.#taken.add(place);
  }

  #isFree(place: object | undefined): boolean {
    return place === undefined || !this.#taken.has(place);
  }

  /** Gives back a slot and its place, and grants what can be granted then. */
  #grantNext(place: object | undefined): void {
    this.#giveBack(place);
    while (this.#free > 0) {
      const next = this.#takeNext();
      if (next === undefined) break;
      this.#take(next.place);
      next.grant();
    }
    if (this.#waiting.length > 0) return;
    this.#calm.resolve();
    this.#calm = Promise.withResolvers();
  }

  /** The next of those that wait whose place is free. */
  #takeNext(): Waiting | undefined {
    const ready = this.#waiting.filter(({ place }) => this.#isFree(place));
    const onlyLastResorts = ready.every(({ flow }) => flow.lastResort);
    const tags = ready.map(({ flow, start }) =>
      flow.lastResort && !onlyLastResorts ? Number.POSITIVE_INFINITY : Math.max(flow.virtualTime, start),
    );
    const next = ready[tags.indexOf(Math.min(...tags))];
    if (next !== undefined) this.#waiting.splice(this.#waiting.indexOf(next), 1);
    return next;
  }
}
