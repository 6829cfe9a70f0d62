/** The command lines of our commands: what is wrong with one is said in a sentence, and ends the command with 2. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf } from '../contract/errors.ts';

export class UsageError extends Error {}

/** @throws {UsageError} naming an option that is unknown, lacks its value, or stands twice and may not. */
export function parseStrictly<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    const { tokens, ...parsed } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      tokens: true,
    });
    refuseRepeated(
      tokens.flatMap((token) =>
        token.kind === 'option' && !options[token.name]?.multiple ? token.name : [],
      ),
    );
    return parsed;
  } catch (error) {
    // The first sentence names the option; the others are advice on names that begin with a dash.
    const [reason = ''] = messageOf(error).split('. ');
    throw new UsageError(reason);
  }
}

/** Of an option that stands twice, the last value would silently win. */
function refuseRepeated(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
}
