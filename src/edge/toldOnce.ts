/** The longest part of a name that is shown or kept, in characters. */
const SHOWN_CHARACTERS = 200;
/** The longest list of names that is logged, in characters. */
const LIST_CHARACTERS = 1_000;
/** The most names that are kept. A stranger can make up any number. */
const KEPT_NAMES = 100;

/** The refused names. Each is logged once, so strangers cannot fill the log. */
export class ToldOnce {
  readonly #names = new Set<string>();

  /** @returns whether the name is new. After a hundred names, none counts as new. */
  isNew(name: string): boolean {
    const shown = shownPart(name);
    if (this.#names.has(shown) || this.#names.size >= KEPT_NAMES) return false;
    this.#names.add(shown);
    return true;
  }
}

/** The part of a name that is shown. A stranger may have made it up. */
export function shownPart(name: string): string {
  return name.slice(0, SHOWN_CHARACTERS);
}

/**
 * The setting that admits a name in addition to the present ones. For the log only, because it shows the other names.
 */
export function admittingSetting(variable: string, admitted: readonly string[], name: string): string {
  return `${variable}=${[...admitted, shownPart(name)].join(',').slice(0, LIST_CHARACTERS)} admits it.`;
}
