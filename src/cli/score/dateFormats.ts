/** Decides the format of dates, for each input whose column has them as texts. */
import { type MappedInput, textTimes } from './mapping.ts';
import type { ScoreTable } from './table.ts';
import { ScoreError } from './tidings.ts';
import { type DateFormat, FormatVote } from './timeFormat.ts';

/** The number of rows that are read at a time. */
const VOTE_ROWS = 50_000;

/**
 * The formats that the command line names, by input.
 *
 * @param named by input; `''` stands for all inputs.
 * @throws {ScoreError} if it names an input whose column has no times as texts.
 */
export function requestedDateFormats(
  named: ReadonlyMap<string, DateFormat>,
  mapped: readonly MappedInput[],
): ReadonlyMap<string, DateFormat> {
  const inputs = textTimes(mapped).map(({ input }) => input.name);
  const unknown = [...named.keys()].find((name) => name !== '' && !inputs.includes(name));
  if (unknown !== undefined)
    throw new ScoreError(
      `--date-format must name an input whose column has times as texts (${inputs.join(', ') || 'there is none'}), got ${unknown}`,
    );
  return new Map(
    inputs.flatMap((input) => {
      const format = named.get(input) ?? named.get('');
      return format === undefined ? [] : [[input, format] as const];
    }),
  );
}

/**
 * Decides the format of each input by all rows of its column.
 *
 * @param requested the formats that the command line names. They are taken without a decision.
 * @throws {ScoreError} if no cell of a column is a time, or if the rows do not show the format of a column.
 */
export async function decideDateFormats(
  table: Pick<ScoreTable, 'rowCount' | 'read'>,
  inputs: readonly MappedInput[],
  requested: ReadonlyMap<string, DateFormat>,
): Promise<Readonly<Record<string, DateFormat>>> {
  const formats: Record<string, DateFormat> = {};
  for (const mapped of textTimes(inputs)) {
    const { name } = mapped.input;
    const vote = await voteOf(table, mapped);
    vote.checkAny();
    formats[name] = requested.get(name) ?? vote.decide();
  }
  return formats;
}

/** Counts the formats of all cells, without those of rows that have a fault as a whole. */
async function voteOf(
  table: Pick<ScoreTable, 'rowCount' | 'read'>,
  mapped: MappedInput,
): Promise<FormatVote> {
  const vote = new FormatVote(mapped.input.name);
  const rowCount = await table.rowCount();
  for (let from = 0; from < rowCount; from += VOTE_ROWS) {
    const { cells, problems } = await table.read([mapped], { from, to: from + VOTE_ROWS });
    for (const [i, cell] of (cells[0] ?? []).entries())
      if (cell !== null && problems[i] === null) vote.add(String(cell), from + i);
  }
  return vote;
}
