/** Summarizes in a few lines why rows have no prediction. The output has the reason of each row. */
import type { Database } from '../../data/database.ts';
import { LINE } from '../../data/inputFile.ts';
import { literal } from '../../data/sql.ts';

export interface Failures {
  /** Rows without a prediction. */
  readonly count: number;
  /** The number of different reasons. Reasons that differ only in the values that they show count once. */
  readonly reasons: number;
  readonly first: FailedRow | undefined;
  /**
   * The first row with a decimal comma, and only this reason. It is shown separately, because such a file has decimal
   * commas in all rows.
   */
  readonly decimalComma: FailedRow | undefined;
}

interface FailedRow {
  /** Counted from 1. */
  readonly row: number;
  /** The line in which the row begins; undefined for Parquet. */
  readonly line: number | undefined;
  readonly reason: string;
}

/** Matches the values in a reason: texts in quotes, and numbers that are no part of a name. */
const VALUES = String.raw`"(?:[^"\\]|\\.)*"|\b\d[\d.]*`;
/** With the name of the input, unless the rule of the input has a semicolon or a quote. */
const DECIMAL_COMMA = String.raw`(?:\w+ must [^";]*)?"[^"]*" has a decimal comma; write [-+0-9.eE]+`;
const SHOWN_CHARACTERS = 500;

/** @param database with the tables `input` and `prediction`. */
export async function findFailures(database: Database): Promise<Failures> {
  const [counts] = await database.rows(
    `SELECT count(*), count(DISTINCT regexp_replace(error, ${literal(VALUES)}, '', 'g')) FROM ${FAILED}`,
  );
  const [first] = await database.rows(`SELECT row, ${LINE}, error FROM ${FAILED} ORDER BY row LIMIT 1`);
  const [comma] = await database.rows(
    `SELECT row, ${LINE}, regexp_extract(error, ${literal(DECIMAL_COMMA)}) AS advice FROM ${FAILED}
     WHERE advice <> '' ORDER BY row LIMIT 1`,
  );
  return {
    count: Number(counts?.[0]),
    reasons: Number(counts?.[1]),
    first: first && failedRow(first),
    decimalComma: comma && failedRow(comma),
  };
}

function failedRow([row, line, reason]: readonly unknown[]): FailedRow {
  return {
    row: Number(row) + 1,
    line: line == null ? undefined : Number(line),
    reason: String(reason),
  };
}

/** The lines of the summary; none if no row failed. */
export function failureLines({ reasons, first, decimalComma }: Failures): readonly string[] {
  if (first === undefined) return [];
  const reason =
    first.reason.length > SHOWN_CHARACTERS ? `${first.reason.slice(0, SHOWN_CHARACTERS)}…` : first.reason;
  const lines = [
    `${reasons} different ${reasons === 1 ? 'reason' : 'reasons'}, first in ${placeOf(first)}: ${reason}`,
  ];
  if (decimalComma !== undefined && !reason.includes(decimalComma.reason))
    lines.push(
      `numbers must have a decimal point, first wrong in ${placeOf(decimalComma)}: ${decimalComma.reason}`,
    );
  return lines;
}

function placeOf({ row, line }: FailedRow): string {
  return line === undefined ? `row ${row}` : `row ${row} (line ${line})`;
}

const FAILED =
  '(SELECT * FROM prediction JOIN input ON input.rowid = prediction.row WHERE error IS NOT NULL)';
