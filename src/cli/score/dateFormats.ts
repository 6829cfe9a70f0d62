/** How the dates of each input are read that has texts for them. */
import { type MappedInput, textTimes } from './mapping.ts';
import type { ScoreTable } from './table.ts';
import { ScoreError } from './tidings.ts';
import { type DateFormat, FormatVote } from './timeFormat.ts';

/** So many rows are looked at together. */
const VOTE_ROWS = 50_000;

/**
 * What the command line says of dates, by input.
 *
 * @param named by input, or for all of them by `''`.
 * @throws {ScoreError} naming one that is no input with a column of times as texts.
 */
export function toldDateFormats(
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
 * The format of each input, decided by all rows of its column.
 *
 * @param told of an input: it needs no decision.
 * @throws {ScoreError} if no cell of a column is a time, or a column that needs a decision does not tell.
 */
export async function decideDateFormats(
  table: Pick<ScoreTable, 'rowCount' | 'read'>,
  inputs: readonly MappedInput[],
  told: ReadonlyMap<string, DateFormat>,
): Promise<Readonly<Record<string, DateFormat>>> {
  const formats: Record<string, DateFormat> = {};
  for (const mapped of textTimes(inputs)) {
    const { name } = mapped.input;
    const vote = await voteOf(table, mapped);
    vote.checkAny();
    formats[name] = told.get(name) ?? vote.decide();
  }
  return formats;
}

/** What stands in a row that is none does not count. */
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
