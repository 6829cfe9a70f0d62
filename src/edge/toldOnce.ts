/** Longest part of a name that is shown or kept, in characters. */
const SHOWN_CHARACTERS = 200;
/** Longest list of names that is logged, in characters. */
const LIST_CHARACTERS = 1_000;
/** Names that are kept: a stranger can make up any number. */
const KEPT_NAMES = 100;

/** The names that were refused, so that each is told in the log once, and strangers cannot fill the log. */
export class ToldOnce {
  readonly #names = new Set<string>();

  /** @returns whether the name is new. No name is, once a hundred are known. */
  isNew(name: string): boolean {
    const shown = shownPart(name);
    if (this.#names.has(shown) || this.#names.size >= KEPT_NAMES) return false;
    this.#names.add(shown);
    return true;
  }
}

/** Of a name that a stranger may have made up. */
export function shownPart(name: string): string {
  return name.slice(0, SHOWN_CHARACTERS);
}

/** The setting that admits a name beside those that are admitted already. For the log: clients are not told of the others. */
export function admittingSetting(variable: string, admitted: readonly string[], name: string): string {
  return `${variable}=${[...admitted, shownPart(name)].join(',').slice(0, LIST_CHARACTERS)} admits it.`;
}
