/** Times and durations for people. */

/** Such as "3.2 ms", "1.24 s", "2 min 5 s". */
export function shownMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The time of day; with the date if it is another day. */
export function shownTime(instant: string): string {
  const date = new Date(instant);
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString('en-CA')} ${time}`;
}

export function msBetween(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}
