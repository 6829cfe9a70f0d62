/**
 * The order of tasks in a list: newest first. A task has its place by its id alone: when its bundle was opened, by which
 * gateway, and its row in it. So a place never changes, and a cursor is a place.
 */
import { badValue, quoted } from '../contract/errors.ts';
import { type BundleAddress, bundleParts, parseTaskId, slotOf } from '../contract/taskId.ts';

/** Hex digits, whose order as texts is that of the tasks, oldest first. */
export type Place = string;

const PLACE = /^[0-9a-f]{24}$/;
const ROW_LENGTH = 4;
const OPENED_LENGTH = 12;
/** After all tasks. */
export const NEWEST: Place = 'f'.repeat(24);

/** The place of a bundle's first row; undefined for a bundle of 0.2. */
export function placeOfBundle({ bundle }: Pick<BundleAddress, 'bundle'>): Place | undefined {
  const parts = bundleParts(bundle);
  return parts && `${parts.opened}${parts.home}${'0'.repeat(ROW_LENGTH)}`;
}

/** @param id of a task that is not one of 0.2. */
export function placeOf({ id }: { readonly id: string }): Place {
  const address = parseTaskId(id);
  const bundle = address && placeOfBundle(address);
  if (bundle === undefined) throw new Error('a task in a list has a bundle');
  return rowPlace(bundle, address?.row ?? 0);
}

/** The first place of an instant. @param ms milliseconds since the epoch, broker time. */
export function placeAt(ms: number): Place {
  const tenths = Math.max(0, Math.floor(ms * 10));
  return tenths.toString(16).padStart(OPENED_LENGTH, '0').padEnd(24, '0');
}

/** The slot in which a bundle was opened. */
export function slotAt(place: Place): number {
  return slotOf(Number.parseInt(place.slice(0, OPENED_LENGTH), 16) / 10);
}

/** @throws {RequestError} `BAD_USER_INPUT`. */
export function checkCursor(cursor: string): Place {
  if (!PLACE.test(cursor)) throw badValue('after', 'a cursor of an earlier page', quoted(cursor));
  return cursor;
}

function rowPlace(bundle: Place, row: number): Place {
  return bundle.slice(0, -ROW_LENGTH) + row.toString(16).padStart(ROW_LENGTH, '0');
}
