/** Converts dates and timestamps of DuckDB to readings of a clock, to the second: `2021-02-03T14:30:00`. */
import {
  DuckDBDateValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';

const SECONDS_PER_DAY = 86_400;

/** Reads an instant on the clock of UTC. @returns undefined outside the years 0 to 9999, also for infinity. */
export function instantOf(cell: DuckDBValue): string | undefined {
  const seconds = secondsOf(cell);
  if (seconds === undefined) return undefined;
  const date = new Date(seconds * 1_000);
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return /^\d{4}-/.test(text) ? text.slice(0, 19) : undefined;
}

/** The seconds since 1970. Fractions are cut off, as in texts. */
function secondsOf(cell: DuckDBValue): number | undefined {
  if (cell instanceof DuckDBDateValue) return cell.days * SECONDS_PER_DAY;
  if (cell instanceof DuckDBTimestampSecondsValue) return Number(cell.seconds);
  if (cell instanceof DuckDBTimestampMillisecondsValue) return floor(cell.millis, 1_000n);
  if (cell instanceof DuckDBTimestampNanosecondsValue) return floor(cell.nanos, 1_000_000_000n);
  if (cell instanceof DuckDBTimestampTZValue || cell instanceof DuckDBTimestampValue)
    return floor(cell.micros, 1_000_000n);
  return undefined;
}

function floor(value: bigint, divisor: bigint): number {
  const whole = value / divisor;
  return Number(value < 0n && whole * divisor !== value ? whole - 1n : whole);
}
