/**
 * `npm run key -- create|list|revoke`: makes, lists and revokes API keys in the broker.
 *
 * Exit codes: 0 done; 1 an error; 2 a wrong command line; 78 a wrong configuration. Errors go to stderr.
 */
import { ConfigurationError, EXIT_CONFIGURATION, RequestError } from '../contract/errors.ts';
import { UsageError } from './commandLine.ts';
import { type KeyCommand, readArguments } from './key/arguments.ts';
import { createKey, KeyError, listKeys, revokeKey } from './key/commands.ts';
import { openKeys } from './key/connection.ts';
import { HELP, USAGE } from './key/help.ts';
import { print, printDefect, printError } from './print.ts';

try {
  const command = readArguments(process.argv.slice(2), process.env);
  if (command === 'help') print(HELP);
  else await run(command);
} catch (error) {
  if (error instanceof UsageError) {
    printError(`key: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else {
    if (isExplained(error)) printError(`key: ${error.message}`);
    else printDefect('key', error);
    process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
  }
}

async function run(command: KeyCommand): Promise<void> {
  await using connection = await openKeys(process.env);
  const { keys } = connection;
  switch (command.name) {
    case 'create':
      return print(await createKey(keys, command));
    case 'list':
      return print(await listKeys(keys));
    case 'revoke':
      return print(await revokeKey(keys, command.id));
  }
}

/** Whether the message alone explains the error to the user. */
function isExplained(error: unknown): error is Error {
  return error instanceof KeyError || error instanceof ConfigurationError || error instanceof RequestError;
}
