/**
 * Which element of the table shows which task. A task keeps its element as long as it is in sight. After a jump in the
 * list, the elements that are there get the new tasks, because to make elements takes most of the time of a frame.
 */

/** Where fewer tasks stay, it is cheaper to write all rows again than to make elements for the new ones. */
const LEAST_STAYING_SHARE = 2 / 3;

export class RowElements {
  #keys: ReadonlyMap<string, number> = new Map();
  #made = 0;

  /**
   * The same answer if it is asked twice.
   *
   * @param ids of the tasks in sight, in their order.
   * @param isFocused whether an element has the focus. It must not get another task then.
   * @returns for each task the key of its element.
   */
  keysOf(ids: readonly string[], isFocused: boolean): readonly number[] {
    const before = this.#keys;
    const staying = ids.filter((id) => before.has(id)).length;
    const isJump = !isFocused && staying < LEAST_STAYING_SHARE * ids.length;
    const elements = [...before.values()];
    const keys = ids.map((id, place) => (isJump ? elements[place] : before.get(id)) ?? this.#made++);
    this.#keys = new Map(ids.map((id, place) => [id, keys[place] ?? place]));
    return keys;
  }
}
