/** Shows foreign values in errors. */

const SHOWN_CHARACTERS = 40;
const SHOWN_ITEMS = 4;

/**
 * A foreign value as an error shows it: short, and in bounded time. A large or deep value is never written out: that takes
 * long, or overflows the stack.
 */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return cut(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value)) return 'an object';
  const isShort =
    value.length <= SHOWN_ITEMS && value.every((item) => typeof item !== 'object' || item === null);
  return isShort ? `[${value.map(shownValue).join(', ')}]` : `a list of ${value.length}`;
}

function cut(text: string): string {
  const shown = JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
  return text.length > SHOWN_CHARACTERS ? `${shown.slice(0, -1)}…"` : shown;
}
