/** The formats of dates that the command line names. */
import { type MappedInput, textTimes } from '../../data/mapping.ts';
import { DateFormat } from '../../data/timeFormat.ts';
import { ScoreError } from './tidings.ts';

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

/** The way out of dates whose format is unclear, for messages. */
export function dateFormatOption(input: string): string {
  return `Say which is right with --date-format ${input}=${DateFormat.DayFirst} or ${input}=${DateFormat.MonthFirst}: dates that do not fit it become errors of their rows`;
}
