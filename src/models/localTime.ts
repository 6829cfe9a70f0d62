/**
 * Readings of the wall clock in a time zone, to the second: `2021-02-03T14:30:00`.
 *
 * A reading is what a person there sees on the clock, and no instant: in the night in which the clocks go back there is
 * each one from 1:00 to 2:00 twice, and when they go forward some never. An instant has exactly one reading; a reading
 * that is given as such is taken as it is, also one that no clock showed.
 */

/** Stands for the instant of submission where a local time is asked for. */
export const NOW = 'now';

/** RFC 3339, where the offset and, as browsers write it, the seconds may be left out. Its numbers may be out of range. */
const FORM =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d{1,9})?)?(?<offset>Z|[+-]\d\d:\d\d)?$/i;
/** Hours and minutes as an offset may have them. */
const OFFSET = /^(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
const READING = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;
/** One that needs no change, if its month has such a day. */
const PLAIN_READING = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;

/**
 * @param text RFC 3339; with an offset from UTC it is an instant, whose reading in the time zone is given, without one
 *   it is the reading itself. Fractions of a second are cut off, and seconds may be left out.
 * @returns undefined if the text is no such time, or the reading lies outside the years 0 to 9999.
 */
export function localTime(text: string, timeZone: string): string | undefined {
  // Rows of batches have it so; Temporal takes many times as long.
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

/** What is wrong with a time that is written as one; undefined if it is not, or nothing is. */
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

/** The last answer for each time zone: thousands of tasks a second ask for the same one. */
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

/** A reading as seconds since 1970-01-01T00:00:00 on the same wall clock, as if its days all had 24 hours. */
export function secondsOf(reading: string): number {
  return Date.parse(`${reading}Z`) / 1_000;
}

/** @param reading with a month from 1 to 12 and a day from 1 to 31. */
function hasSuchDay(reading: string): boolean {
  const [year, month, day] = [reading.slice(0, 4), reading.slice(5, 7), reading.slice(8, 10)].map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  // Years below 100 mean others to Date; every 400 years the calendar is the same.
  return day <= 28 || day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

export function isTimeZone(name: string): boolean {
  try {
    // A bare offset such as +05:00 would do for Intl, but is no place with a clock.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

function readingAt(instant: Temporal.Instant, timeZone: string): string | undefined {
  const reading = instant.toZonedDateTimeISO(timeZone).toPlainDateTime().toString({ smallestUnit: 'second' });
  return READING.test(reading) ? reading : undefined;
}
