/**
 * The processes in which a worker's versions are loaded. Small versions share as many as the worker has slots, so that
 * as many runs of different versions go on at once. Other versions have one of their own.
 *
 * The first check of a version may hang or kill its process, so it is in a trial host, which serves nothing. A version
 * that hangs there does not hold up the checks of others. The only version of a worker stays in the process of its check.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../src/process/log.ts';
import { type Guest, Host, type HostKind } from './host.ts';
import type { StartChild } from './runtimes/modelChild.ts';
import { onnxChild } from './runtimes/onnx/onnxChild.ts';
import { type Flow, Slots } from './slots.ts';

export interface HostsOptions {
  /** The most shared hosts. */
  readonly sharedMax: number;
  /** Whether each version has a host of its own. */
  readonly isolates: boolean;
  /** The memory limit of each process in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
  /** As for `onnxChild`. */
  readonly givesBack: boolean;
  /** Called when the memory of a host has been measured after runs. */
  readonly onMeasured: () => void;
  readonly log: Logger;
}

/** After this time the next trial begins beside one that goes on. */
const TRIAL_TURN_MS = 1_000;
/** The time that a trial host waits for the next trial. */
const TRIAL_LINGER_MS = 1_000;

export class Hosts implements AsyncDisposable {
  readonly #options: HostsOptions;
  readonly #hosts = new Set<Host>();
  readonly #trialTurns: Slots;
  readonly #trials: Flow = { weight: 1, virtualTime: 0 };
  /** Trial hosts without a trial. */
  readonly #idleTrials = new Set<Host>();
  /** Trials that wait or go on. */
  #openTrials = 0;

  constructor(options: HostsOptions) {
    this.#options = options;
    this.#trialTurns = new Slots(options.sharedMax);
  }

  get isolates(): boolean {
    return this.#options.isolates;
  }

  get maxMib(): number {
    return this.#options.maxMib;
  }

  /** The memory of all hosts but trial hosts, as measured last. */
  get bytes(): number {
    return [...this.#hosts].reduce((sum, { kind, peakBytes }) => sum + (kind === 'trial' ? 0 : peakBytes), 0);
  }

  /**
   * Gives a version a host: a new one of its own, or the shared one with the fewest versions.
   *
   * @param start starts the process of a version that is code. It has a host of its own. @default a process for ONNX
   */
  place(guest: Guest, kind: 'shared' | 'own', start?: StartChild): Host {
    const host = (kind === 'shared' ? this.#leastShared() : undefined) ?? this.#open(kind, start);
    host.add(guest);
    return host;
  }

  /** Does work with a host that serves nothing. Errors of the work pass through. @param work gets whether the host is new. */
  async trial<T>(work: (host: Host, isNew: boolean) => Promise<T>): Promise<T> {
    const { promise: tried, resolve } = Promise.withResolvers<T>();
    this.#openTrials++;
    try {
      await this.#trialTurns.run(this.#trials, async () => {
        const trial = this.#try(work);
        resolve(trial);
        await Promise.race([trial, sleep(TRIAL_TURN_MS, undefined, { ref: false })]).catch(() => {});
      });
      return await tried;
    } finally {
      this.#openTrials--;
    }
  }

  /**
   * Lets a version stay in the host where it was tried, so that no other process is started only to load it once more. It
   * does not stay if the host has died, if there are as many shared hosts as there may be, or if other versions wait for
   * their trials: its runs would begin at once, and would come before the loads of the others.
   *
   * @returns whether it stays.
   */
  keepTried(host: Host, guest: Guest): boolean {
    const isFull = this.#shared().length >= this.#options.sharedMax;
    if (host.isGone || isFull || this.#openTrials > 1) return false;
    host.share(guest);
    return true;
  }

  /** Ends all hosts. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hosts].map((host) => host[Symbol.asyncDispose]()));
  }

  async #try<T>(work: (host: Host, isNew: boolean) => Promise<T>): Promise<T> {
    const [idle] = this.#idleTrials;
    const host = idle ?? this.#open('trial');
    this.#idleTrials.delete(host);
    try {
      return await work(host, idle === undefined);
    } finally {
      if (!host.isGone && host.kind === 'trial') this.#keepForNextTrial(host);
    }
  }

  #keepForNextTrial(host: Host): void {
    this.#idleTrials.add(host);
    const end = () => {
      if (this.#idleTrials.delete(host)) void host[Symbol.asyncDispose]();
    };
    setTimeout(end, TRIAL_LINGER_MS).unref();
  }

  #shared(): readonly Host[] {
    return [...this.#hosts].filter(({ kind }) => kind === 'shared');
  }

  #leastShared(): Host | undefined {
    const shared = this.#shared();
    if (shared.length < this.#options.sharedMax) return undefined;
    return shared.toSorted((a, b) => a.guestCount - b.guestCount)[0];
  }

  #open(kind: HostKind, start?: StartChild): Host {
    const { maxMib, givesBack, onMeasured, log } = this.#options;
    const host = new Host({
      kind,
      start: start ?? onnxChild({ maxMib, givesBack }),
      maxMib,
      onMeasured,
      log,
      onEnd: () => {
        this.#hosts.delete(host);
        this.#idleTrials.delete(host);
      },
    });
    this.#hosts.add(host);
    return host;
  }
}
