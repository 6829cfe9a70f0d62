/**
 * How the values of an input are distributed: 20 bins of numbers with about as many rows each, the 24 hours of times, the
 * bins of the lengths of texts, and the 50 most frequent names. The rows that take part in training count.
 */
import type { InputProfile } from '../contract/messages/datasetRecord.ts';
import type { ManifestInput } from '../models/manifest.ts';
import type { Database } from './database.ts';
import type { Reading } from './readings.ts';
import { literal } from './sql.ts';

const BINS = 20;
const MAX_NAMES = 50;
const HOURS = Array.from({ length: 23 }, (_, hour) => hour);

/** @returns undefined if there is no value, or the input has values without an order, such as lists. */
export async function profileOf(
  database: Database,
  { input, table }: Pick<Reading, 'input' | 'table'>,
): Promise<InputProfile | undefined> {
  const bins = hasNames(input)
    ? { names: await mostFrequent(database, table) }
    : { bounds: input.type === 'dateTime' ? HOURS : await quantiles(database, table) };
  const shares = await sharesIn(database, table, bins);
  return shares && { input: input.name, ...bins, shares };
}

/**
 * The shares of values in the bins of a profile: in those of numbers up to each bound and beyond the last, or of each name
 * and of all others.
 *
 * @returns undefined if there is no value.
 */
export async function sharesIn(
  database: Database,
  table: string,
  { bounds, names }: Pick<InputProfile, 'bounds' | 'names'>,
): Promise<readonly number[] | undefined> {
  const conditions =
    bounds === undefined
      ? (names ?? []).map((name) => `name = ${literal(name)}`)
      : bounds.map((bound) => `value <= ${bound}`);
  const counts = ['true', ...conditions].map(
    (condition) => `coalesce(sum(kept) FILTER (WHERE ${condition}), 0)::DOUBLE`,
  );
  const [row = []] = await database.rows(
    `SELECT ${counts.join(', ')} FROM ${table} WHERE NOT is_outside AND ${bounds === undefined ? 'name' : 'value'} IS NOT NULL`,
  );
  const [total = 0, ...found] = row.map(Number);
  if (total === 0) return undefined;
  // Those of numbers add up from bin to bin.
  const rows = bounds === undefined ? found : found.map((count, i) => count - (found[i - 1] ?? 0));
  const others = total - rows.reduce((sum, count) => sum + count, 0);
  return [...rows, others].map((count) => count / total);
}

function hasNames({ type }: ManifestInput): boolean {
  return type === 'enum' || type === 'boolean';
}

async function mostFrequent(database: Database, table: string): Promise<string[]> {
  const rows = await database.rows(
    `SELECT name FROM ${table} WHERE NOT is_outside AND kept > 0 AND name IS NOT NULL GROUP BY name ORDER BY sum(kept) DESC, name LIMIT ${MAX_NAMES}`,
  );
  return rows.map(([name]) => String(name));
}

/** The bounds between the bins. They are fewer where one value has many rows. */
async function quantiles(database: Database, table: string): Promise<number[]> {
  const rows = await database.rows(
    `WITH counted AS (SELECT value, sum(kept) AS kept FROM ${table} WHERE NOT is_outside AND kept > 0 AND value IS NOT NULL GROUP BY value),
       added AS (SELECT value, sum(kept) OVER (ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto, sum(kept) OVER () AS total FROM counted)
     SELECT DISTINCT bound FROM (
       SELECT min(value) AS bound FROM added, range(1, ${BINS}) AS bins(bin) WHERE upto * ${BINS} >= total * bin GROUP BY bin)
     ORDER BY bound`,
  );
  return rows.map(([bound]) => Number(bound));
}
