/**
 * Readings of the wall clock in a time zone, to the second: `2021-02-03T14:30:00`.
 *
 * A reading is what a person there sees on the clock. It is not an instant: in the night in which the clocks go back,
 * each reading from 1:00 to 2:00 happens twice, and when they go forward, some never happen. An instant has exactly one
 * reading. A reading that a client sends is taken as it is, even if no clock showed it.
 */

/** The value of a local time that stands for the instant of submission. */
export const NOW = 'now';

/** RFC 3339. The offset and the seconds may be absent, as browsers write it. Its numbers may be out of range. */
const FORM =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d{1,9})?)?(?<offset>Z|[+-]\d\d:\d\d)?$/i;
/** The hours and minutes that an offset may have. */
const OFFSET = /^(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
const READING = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;
/** A reading that needs no change, if its month has such a day. */
const PLAIN_READING = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;

/**
 * @param text RFC 3339. With an offset from UTC it is an instant, and its reading in the time zone is returned. Without
 *   one it is the reading itself. Fractions of a second are cut off; the seconds may be absent.
 * @returns undefined if the text is no such time, or if the reading lies outside the years 0 to 9999.
 */
export function localTime(text: string, timeZone: string): string | undefined {
  // The usual form in row batches. Temporal takes many times as long.
  if (PLAIN_READING.test(text) && hasSuchDay(text)) return text;
  const parts = FORM.exec(text)?.groups;
  if (parts === undefined || faultIn(parts) !== undefined) return undefined;
  try {
    return parts.offset === undefined
      ? Temporal.PlainDateTime.from(text).toString({ smallestUnit: 'second' })
      : readingAt(Temporal.Instant.from(text), timeZone);
  } catch {
    return undefined;
  }
}

/** The fault of a text that is written as a time; undefined if it is no such text, or if it has no fault. */
export function localTimeFault(text: string): string | undefined {
  const parts = FORM.exec(text)?.groups;
  return parts && faultIn(parts);
}

function faultIn(parts: Readonly<Record<string, string | undefined>>): string | undefined {
  const { year = '', month = '', day = '', hour = '', minute = '', second = '00', offset = 'Z' } = parts;
  if (month < '01' || month > '12') return `there is no month ${month}`;
  if (day < '01' || day > '31' || !hasSuchDay(`${year}-${month}-${day}`))
    return `${year}-${month} has no day ${day}`;
  if (hour > '23') return `hours are 00 to 23, not ${hour}`;
  if (minute > '59') return `minutes are 00 to 59, not ${minute}`;
  if (second > '59') return `seconds are 00 to 59, not ${second}`;
  return OFFSET.test(offset) ? undefined : `there is no offset ${offset}`;
}

/** The last answer for each time zone, because thousands of tasks a second ask for the same one. */
const lastReadings = new Map<string, { readonly second: number; readonly reading: string }>();

/** @param now milliseconds since the epoch. */
export function localTimeAt(now: number, timeZone: string): string {
  const second = Math.floor(now / 1_000);
  const last = lastReadings.get(timeZone);
  if (last?.second === second) return last.reading;
  const reading = readingAt(Temporal.Instant.fromEpochMilliseconds(second * 1_000), timeZone);
  if (reading === undefined) throw new Error(`${now} lies outside the years 0 to 9999`);
  lastReadings.set(timeZone, { second, reading });
  return reading;
}

/** A reading as seconds since 1970-01-01T00:00:00 on the same wall clock, as if each day had 24 hours. */
export function secondsOf(reading: string): number {
  return Date.parse(`${reading}Z`) / 1_000;
}

/** @param reading with a month from 1 to 12 and a day from 1 to 31. */
function hasSuchDay(reading: string): boolean {
  const [year, month, day] = [reading.slice(0, 4), reading.slice(5, 7), reading.slice(8, 10)].map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  // Date adds 1900 to years below 100. The calendar repeats every 400 years.
  return day <= 28 || day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

export function isTimeZone(name: string): boolean {
  try {
    // Temporal accepts a bare offset such as +05:00, but that is no time zone. It also takes the zone out of a whole
    // reading. Intl would take 24 ms of CPU to load, in each process.
    const { timeZoneId } = new Temporal.ZonedDateTime(0n, name);
    return /^[A-Za-z]/.test(name) && timeZoneId.toLowerCase() === name.toLowerCase();
  } catch {
    return false;
  }
}

function readingAt(instant: Temporal.Instant, timeZone: string): string | undefined {
  const reading = instant.toZonedDateTimeISO(timeZone).toPlainDateTime().toString({ smallestUnit: 'second' });
  return READING.test(reading) ? reading : undefined;
}
