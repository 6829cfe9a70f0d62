/** What `npm run key` does with its arguments. */
import { inspect } from 'node:util';
import { ConfigurationError, EXIT_CONFIGURATION, RequestError } from '../../contract/errors.ts';
import { UsageError } from '../commandLine.ts';
import { type KeyCommand, readArguments } from './arguments.ts';
import { createKey, KeyError, listKeys, revokeKey } from './commands.ts';
import { openKeys } from './connection.ts';
import { HELP, USAGE } from './help.ts';

/** What the command has from its process. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** @returns the exit code. */
export async function runKeyCommand(
  args: readonly string[],
  { env, print, printError }: Surroundings,
): Promise<number> {
  try {
    const command = readArguments(args, env);
    print(command === 'help' ? HELP : await run(command, env));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      printError(`key: ${error.message}\n${USAGE}`);
      return 2;
    }
    printError(`key: ${isExplained(error) ? error.message : inspect(error)}`);
    return error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
  }
}

/** @returns the text to print. */
async function run(command: KeyCommand, env: NodeJS.ProcessEnv): Promise<string> {
  await using connection = await openKeys(env);
  const { keys } = connection;
  switch (command.name) {
    case 'create':
      return await createKey(keys, command);
    case 'list':
      return await listKeys(keys);
    case 'revoke':
      return await revokeKey(keys, command.id);
  }
}

/** Whether the message alone explains the error to the user. */
function isExplained(error: unknown): error is Error {
  return error instanceof KeyError || error instanceof ConfigurationError || error instanceof RequestError;
}
