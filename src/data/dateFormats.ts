/** Decides the format of dates, for each input whose column has them as texts. */
import type { InputPart, Part } from './inputTable.ts';
import { type MappedInput, textTimes } from './mapping.ts';
import { type DateFormat, FormatVote } from './timeFormat.ts';

/** The rows of a file, as those that vote need them. */
export interface RowReader {
  rowCount(): Promise<number>;
  read(inputs: readonly MappedInput[], rows: Part): Promise<InputPart>;
}

/** The number of rows that are read at a time. */
const VOTE_ROWS = 50_000;

/**
 * Decides the format of each input by all rows of its column.
 *
 * @param requested formats that are taken without a decision.
 * @param advice tells for an input what to do if its format is unclear.
 * @throws {DataFault} if no cell of a column is a time, or if the rows do not show the format of a column.
 */
export async function decideDateFormats(
  table: RowReader,
  inputs: readonly MappedInput[],
  { requested, advice }: { requested: ReadonlyMap<string, DateFormat>; advice: (input: string) => string },
): Promise<Readonly<Record<string, DateFormat>>> {
  const formats: Record<string, DateFormat> = {};
  for (const mapped of textTimes(inputs)) {
    const { name } = mapped.input;
    const vote = await voteOf(table, mapped, advice(name));
    vote.checkAny();
    formats[name] = requested.get(name) ?? vote.decide();
  }
  return formats;
}

/** Counts the formats of all cells, without those of rows that have a fault as a whole. */
async function voteOf(table: RowReader, mapped: MappedInput, advice: string): Promise<FormatVote> {
  const vote = new FormatVote(mapped.input.name, advice);
  const rowCount = await table.rowCount();
  for (let from = 0; from < rowCount; from += VOTE_ROWS) {
    const { cells, problems } = await table.read([mapped], { from, to: from + VOTE_ROWS });
    for (const [i, cell] of (cells[0] ?? []).entries())
      if (cell !== null && problems[i] === null) vote.add(String(cell), from + i);
  }
  return vote;
}
