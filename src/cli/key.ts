/**
 * `npm run key -- create|list|revoke`: makes, lists and revokes API keys in the broker.
 *
 * Exit codes: 0 done; 1 an error; 2 a wrong command line; 78 a wrong configuration. Errors go to stderr.
 */
import { runKeyCommand } from './key/command.ts';
import { print, printError } from './print.ts';

process.exitCode = await runKeyCommand(process.argv.slice(2), { env: process.env, print, printError });
