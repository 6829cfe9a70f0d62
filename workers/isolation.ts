/**
 * Whether a version may share a host with other versions.
 *
 *  shared      it may.
 *  for a time  it has killed its host once, or a suspect row or a shadow job runs. Suspects follow a kill soon: no other
 *              version has to be loaded again because of them.
 *  for good    its file is large, or its manifest wants it; it has killed two hosts; or no shared host could load it.
 */

/** A version that has killed this many hosts never shares one again. */
const KILLS_MAX = 2;
const APART_MS = 60_000;

export interface IsolationOptions {
  readonly forGood: boolean;
  /** Called when the version may share a host again. */
  readonly onEnd: () => void;
}

export class Isolation implements Disposable {
  readonly #onEnd: () => void;
  #isForGood: boolean;
  #ending: NodeJS.Timeout | undefined;
  #kills = 0;

  constructor({ forGood, onEnd }: IsolationOptions) {
    this.#isForGood = forGood;
    this.#onEnd = onEnd;
  }

  get isOn(): boolean {
    return this.#isForGood || this.#ending !== undefined;
  }

  /** The host died in work for this version. */
  addKill(): void {
    this.#kills++;
    if (this.#kills >= KILLS_MAX) this.keepForGood();
    else this.keepForATime();
  }

  keepForATime(): void {
    if (this.#isForGood) return;
    clearTimeout(this.#ending);
    const end = () => {
      this.#ending = undefined;
      this.#onEnd();
    };
    this.#ending = setTimeout(end, APART_MS).unref();
  }

  keepForGood(): void {
    this.#isForGood = true;
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#ending);
    this.#ending = undefined;
  }
}
