/**
 * Reads times as files write them. A column has one format, and all its rows together decide which one: 03/02/2021
 * alone may be in March or in February.
 */
import { NOW } from '../models/localTime.ts';
import { DataFault } from './dataFault.ts';

/** The order of the parts of a date. A slash, a hyphen or a dot may separate them. */
export const DateFormat = {
  YearFirst: 'yyyy-mm-dd',
  DayFirst: 'dd/mm/yyyy',
  MonthFirst: 'mm/dd/yyyy',
} as const;
export type DateFormat = (typeof DateFormat)[keyof typeof DateFormat];

const CLOCK = /(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d{1,9})?)?(?: ?(?<half>[AP]M))?/
  .source;
const OFFSET = / ?(?<offset>Z|UTC|[+-]\d\d(?::?\d\d)?)/.source;
const REST = `(?:(?:T| +)${CLOCK}(?:${OFFSET})?)?`;
const YEAR_FIRST = new RegExp(`^(?<year>\\d{4})([-/.])(?<left>\\d{1,2})\\2(?<right>\\d{1,2})${REST}$`, 'i');
const YEAR_LAST = new RegExp(`^(?<left>\\d{1,2})([-/.])(?<right>\\d{1,2})\\2(?<year>\\d{4})${REST}$`, 'i');
const YEAR_FIRST_DATE = /^\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)/;
const YEAR_LAST_DATE = /^\d{1,2}([-/.])\d{1,2}\1\d{4}(?!\d)/;
/** A date whose year has two digits. The year may be the first part or the last. */
const SHORT_YEAR = /^'?\d{1,2}([-/.])\d{1,2}\1'?\d{2}(?!\d)/;
const TIMES = 'nothing, or a time such as 14:30, 14:30:05, 2:30 PM or 14:30:05+01:00';
const SHOWN_CHARACTERS = 40;

/**
 * Reads a time. Spaces around it are ignored.
 *
 * @returns the time in RFC 3339, or `now`; undefined if the text is not in the format. Its numbers may be out of range.
 */
export function timeIn(text: string, format: DateFormat): string | undefined {
  const trimmed = text.trim();
  if (trimmed === NOW) return NOW;
  const pattern = format === DateFormat.YearFirst ? YEAR_FIRST : YEAR_LAST;
  const parts = pattern.exec(trimmed)?.groups;
  if (parts === undefined) return undefined;
  const { year, left = '', right = '' } = parts;
  const [month, day] = format === DateFormat.DayFirst ? [right, left] : [left, right];
  const hour = hourOf(parts);
  if (hour === undefined) return undefined;
  const clock = `${hour}:${parts.minute ?? '00'}:${parts.second ?? '00'}`;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${clock}${offsetOf(parts.offset)}`;
}

/** @returns the reason why a text is no time in the format. @param text for which `timeIn` has returned undefined. */
export function timeFault(text: string, format: DateFormat): string {
  const trimmed = text.trim();
  if (SHORT_YEAR.test(trimmed)) return 'years need four digits';
  const inFormat = format === DateFormat.YearFirst ? YEAR_FIRST_DATE : YEAR_LAST_DATE;
  const isTimeWrong = inFormat.test(trimmed);
  return isTimeWrong ? `behind the date must be ${TIMES}` : `the dates of the column are read as ${format}`;
}

/** Decides the format of a column by all its texts. Texts in another format become errors of their rows. */
export class FormatVote {
  readonly #input: string;
  readonly #advice: string;
  #yearFirst = 0;
  #yearLast = 0;
  /** The first cell for each: only the day can be first, only the month can, and both can with different meanings. */
  #dayFirst: string | undefined;
  #monthFirst: string | undefined;
  #unclear: string | undefined;
  #isAnyTime = false;
  /** The first cell in no format, and the first cell whose year has two digits. */
  #unknown: string | undefined;
  #shortYear: string | undefined;

  /**
   * @param input the name of the column's input, for messages.
   * @param advice what to do if the format is unclear, a sentence.
   */
  constructor(input: string, advice: string) {
    this.#input = input;
    this.#advice = advice;
  }

  /** @param row counted from 0. */
  add(text: string, row: number): void {
    const trimmed = text.trim();
    if (trimmed === NOW) this.#isAnyTime = true;
    else if (YEAR_FIRST.test(trimmed)) this.#yearFirst++;
    else this.#addYearLast(trimmed, `${shown(trimmed)} in row ${row + 1}`);
  }

  #addYearLast(text: string, where: string): void {
    const { year, left, right } = YEAR_LAST.exec(text)?.groups ?? {};
    const dayFirst = isDate(year, right, left);
    const monthFirst = isDate(year, left, right);
    if (!dayFirst && !monthFirst) {
      this.#unknown ??= where;
      if (SHORT_YEAR.test(text)) this.#shortYear ??= where;
      return;
    }
    this.#yearLast++;
    if (!monthFirst) this.#dayFirst ??= where;
    else if (!dayFirst) this.#monthFirst ??= where;
    else if (Number(left) !== Number(right)) this.#unclear ??= where;
  }

  /** @throws {DataFault} if there are cells and none of them is a time. */
  checkAny(): void {
    if (this.#isAnyTime || this.#yearFirst + this.#yearLast > 0 || this.#unknown === undefined) return;
    throw new DataFault(
      this.#shortYear === undefined
        ? `the dates of ${this.#input} must be written ${Object.values(DateFormat).join(', ')}, and behind them ${TIMES}, got ${this.#unknown}`
        : `the dates of ${this.#input} cannot be read: years need four digits, got ${this.#shortYear}`,
    );
  }

  /** @throws {DataFault} if it stays unclear whether the day or the month comes first. */
  decide(): DateFormat {
    if (this.#yearFirst >= this.#yearLast) return DateFormat.YearFirst;
    const [day, month] = [this.#dayFirst, this.#monthFirst];
    if (day !== undefined && month !== undefined)
      throw new DataFault(
        `the dates of ${this.#input} have two formats: the day comes first in ${day}, the month in ${month}. ${this.#advice}`,
      );
    if (day === undefined && month === undefined && this.#unclear !== undefined)
      throw new DataFault(
        `the dates of ${this.#input} do not tell whether the day or the month comes first, such as ${this.#unclear}. ${this.#advice}`,
      );
    return month === undefined ? DateFormat.DayFirst : DateFormat.MonthFirst;
  }
}

/** @returns undefined if the text names no format. Its separators do not matter. */
export function readDateFormat(text: string): DateFormat | undefined {
  const order = text.toLowerCase().replaceAll(/[-/.]/g, ' ');
  return Object.values(DateFormat).find((format) => format.replaceAll(/[-/]/g, ' ') === order);
}

/** The hour on a 24-hour clock; undefined if a 12-hour clock has no such hour. */
function hourOf({ hour = '00', half }: Readonly<Record<string, string | undefined>>): string | undefined {
  if (half === undefined) return hour.padStart(2, '0');
  const ofTwelve = Number(hour);
  if (ofTwelve < 1 || ofTwelve > 12) return undefined;
  const isAfternoon = half.toUpperCase() === 'PM';
  return String((ofTwelve % 12) + (isAfternoon ? 12 : 0)).padStart(2, '0');
}

function offsetOf(offset: string | undefined): string {
  if (offset === undefined) return '';
  if (/^(?:Z|UTC)$/i.test(offset)) return 'Z';
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  return digits === '0000' ? 'Z' : `${offset[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

function isDate(year: string | undefined, month: string | undefined, day: string | undefined): boolean {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  // The calendar repeats every 400 years. `Date` reads years below 100 as 19xx.
  return m >= 1 && m <= 12 && d >= 1 && d <= new Date(Date.UTC(2000 + (y % 400), m, 0)).getUTCDate();
}
