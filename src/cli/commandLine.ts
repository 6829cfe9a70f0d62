/** Reads the command lines of our commands. A wrong one ends its command with a sentence and exit code 2. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf } from '../contract/errors.ts';

export class UsageError extends Error {}

export const HELP_OPTION = { type: 'boolean', short: 'h' } as const;

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

/**
 * Refuses a command without `--`: npm takes its options as its own, and the rest could have another meaning.
 *
 * @param command of npm, such as `score`. @param usage its arguments. @throws {UsageError} naming the options.
 */
export function requireSeparator(
  environment: Readonly<Record<string, string | undefined>>,
  { command, usage, options }: { readonly command: string; readonly usage: string; readonly options: object },
): void {
  if (environment.npm_lifecycle_event !== command) return;
  const taken = Object.keys(options).filter(
    (name) => environment[`npm_config_${name.replaceAll('-', '_')}`] !== undefined,
  );
  if (taken.length === 0) return;
  const names = taken.map((name) => `--${name}`).join(', ');
  throw new UsageError(
    `npm needs -- before the options, otherwise it takes them as its own, here ${names}: npm run ${command} -- ${usage}`,
  );
}
