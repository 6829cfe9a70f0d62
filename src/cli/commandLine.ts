/** Reads the command lines of our commands. A wrong one ends its command with a sentence and exit code 2. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf } from '../contract/errors.ts';

export class UsageError extends Error {}

/**
 * @returns the options, the other arguments, and the order of both on the line.
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
