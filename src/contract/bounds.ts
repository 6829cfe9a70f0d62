/** Members that many messages share. Their bounds are those that GraphQL can show and a process can keep. */
import { integer, number, text } from './schema.ts';

/** The instants that a Date can hold, in milliseconds. */
const LATEST_INSTANT = 8.64e15;
/** A day. No task lives so long, and sums of such durations stay exact. */
export const LONGEST_DURATION_MS = 24 * 60 * 60 * 1_000;
/** The most entries of a short list, such as versions. */
export const LONGEST_LIST = 1_000;
const LARGEST_INT = 2 ** 31 - 1;
const LONGEST_NAME = 200;

export const NAME = text(`a text of 1 to ${LONGEST_NAME} characters`, {
  minLength: 1,
  maxLength: LONGEST_NAME,
});
/** A path inside a folder, with `/` between names. No name is hidden or leads out of the folder. */
export const PATH_INSIDE = '^[^./\\\\\\0][^/\\\\\\0]*(?:\\/[^./\\\\\\0][^/\\\\\\0]*)*$';
export const FINITE = number('a finite number', -Number.MAX_VALUE, Number.MAX_VALUE);
/** A text of any length. Its reader cuts it off. */
export const ANY_TEXT = text('a text');
export const INSTANT = number('milliseconds since the epoch', -LATEST_INSTANT, LATEST_INSTANT);
/** A duration. It may be negative, because the estimates of the broker's time differ. */
export const DURATION = number('milliseconds, a day at most', -LONGEST_DURATION_MS, LONGEST_DURATION_MS);
export const COUNT = integer('a whole number from 0 on', 0, LARGEST_INT);
