/**
 * A process with the sessions of several versions. It does one thing at a time, so one version at most is to blame if it
 * dies: runs and loads take turns here. In its turn, a version may hand over a second run before the first is over.
 * Turns of runs come before turns in the background.
 *
 *  shared  several versions live here.
 *  own     one version lives here.
 *  trial   versions are loaded here for their first check only, one after another. It can become a shared one.
 *
 * A host dies, or ends when its last version leaves (a trial host stays). It is never started again: its versions move.
 */
import type { Logger } from '../src/process/log.ts';
import type { StartChild } from './runtimes/modelChild.ts';
import { NotBegun, SessionProcess } from './runtimes/sessionProcess.ts';
import { type Flow, Slots } from './slots.ts';

export type HostKind = 'shared' | 'own' | 'trial';

/** A version, as its host is concerned. */
export interface Guest {
  /** The fields that identify it in log lines. */
  readonly name: Readonly<Record<string, string>>;
  /** Whether work waits for it. After the death of a host such versions are loaded first. */
  readonly isNeeded: boolean;
  /** Called in the same step in which the host is known to be dead. @param isCulprit whether it was at work. */
  hostDied(host: Host, isCulprit: boolean): void;
}

export interface HostOptions {
  readonly kind: HostKind;
  /** Starts the process. */
  readonly start: StartChild;
  /** The memory limit of the process in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
  readonly log: Logger;
  /** Called once it is dead, or is being ended. */
  readonly onEnd: (host: Host) => void;
  /** As for `SessionProcess`. */
  readonly onMeasured: () => void;
}

export class Host implements AsyncDisposable {
  readonly #options: HostOptions;
  readonly #process: SessionProcess;
  readonly #turns = new Slots(1);
  readonly #work: Flow = { weight: 1, virtualTime: 0 };
  readonly #background: Flow = { weight: 1, virtualTime: 0, lastResort: true };
  readonly #guests = new Set<Guest>();
  /** The version of each work that the process has, in order. */
  readonly #atWork: Guest[] = [];
  #workIsOver = Promise.withResolvers<void>();
  #kind: HostKind;
  #isGone = false;

  constructor(options: HostOptions) {
    const { kind, start, maxMib, onMeasured } = options;
    this.#kind = kind;
    this.#options = options;
    this.#process = new SessionProcess({ start, maxMib, onMeasured, onDeath: () => this.#die() });
  }

  get kind(): HostKind {
    return this.#kind;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Its memory as measured last; 0 once it is dead. */
  get peakBytes(): number {
    return this.#process.peakBytes;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get guestCount(): number {
    return this.#guests.size;
  }

  add(guest: Guest): void {
    this.#guests.add(guest);
  }

  /** Makes a trial host a shared one, with the version that was tried. */
  share(guest: Guest): void {
    this.#kind = 'shared';
    this.add(guest);
  }

  /**
   * Does work for a version when its turn comes.
   *
   * @param options.ahead whether the work may begin in the present turn of this version, before it is over. Then it is
   *   one request to the process.
   * @throws {NotBegun} if the host is dead by then. Errors of the work pass through.
   */
  turn<T>(
    guest: Guest,
    work: (process: SessionProcess) => Promise<T>,
    { inBackground = false, ahead = false } = {},
  ): Promise<T> {
    if (ahead && this.#atWork.at(-1) === guest && !this.#turns.areWanted) return this.#begin(guest, work);
    const done = Promise.withResolvers<T>();
    void this.#turns.run(inBackground ? this.#background : this.#work, async () => {
      this.#begin(guest, work).then(done.resolve, done.reject);
      while (this.#atWork.length > 0) await this.#workIsOver.promise;
    });
    return done.promise;
  }

  /**
   * A version leaves. If it was the last, the process is ended.
   *
   * @param model the number of its model in the process; undefined if it is not loaded.
   */
  async remove(guest: Guest, model: number | undefined): Promise<void> {
    this.#guests.delete(guest);
    if (this.#guests.size === 0 && this.#kind !== 'trial') await this[Symbol.asyncDispose]();
    else if (model !== undefined)
      await this.turn(guest, (process) => process.unload(model), { inBackground: true }).catch(() => {
        // A dead process has no session to close.
      });
  }

  /** Ends the process, even in the middle of a run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    await this.#process[Symbol.asyncDispose]();
  }

  async #begin<T>(guest: Guest, work: (process: SessionProcess) => Promise<T>): Promise<T> {
    if (this.#isGone) throw new NotBegun('the process died before');
    this.#atWork.push(guest);
    try {
      return await work(this.#process);
    } finally {
      this.#atWork.splice(this.#atWork.indexOf(guest), 1);
      this.#workIsOver.resolve();
      this.#workIsOver = Promise.withResolvers();
    }
  }

  #die(): void {
    const { pid, exited } = this.#process;
    const [culprit] = this.#atWork;
    void exited.then(({ code, signal }) =>
      this.#options.log.error({ ...culprit?.name, pid, code, signal }, 'session process died'),
    );
    this.#leave();
    const guests = [...this.#guests].toSorted((a, b) => Number(b.isNeeded) - Number(a.isNeeded));
    for (const guest of guests) guest.hostDied(this, guest === culprit);
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#options.onEnd(this);
  }
}
