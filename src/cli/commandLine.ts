/** The command lines of our commands: what is wrong with one is said in a sentence, and ends the command with 2. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf } from '../contract/errors.ts';

export class UsageError extends Error {}

/**
 * @returns the options, the arguments that are none, and how both stand on the line.
 * @throws {UsageError} naming an option that is unknown or lacks its value.
 */
export function parseStrictly<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, tokens: true });
  } catch (error) {
    // The first sentence names the option; the others are advice on names that begin with a dash.
    const [reason = ''] = messageOf(error).split('. ');
    throw new UsageError(reason);
  }
}
