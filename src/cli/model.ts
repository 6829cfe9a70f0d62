/**
 * `npm run model -- add|golden|check|list|push|pull|retire`: adds models to MODELS_DIR, checks and lists those that are
 * there, and brings versions into the registry and back.
 *
 * Exit codes: 0 done, and every checked version may be served; 1 an error, or a version that is refused; 2 a wrong
 * command line. Errors go to stderr. If `add` or `golden` fails, the models stay as they were.
 *
 * Commands are entry points that no file imports. Unlike the rest of `src/`, they may use `workers/` and `schema/`, so
 * that a version is checked by the code that a worker runs.
 */
import { runModelCommand } from './model/command.ts';
import { print, printError } from './print.ts';

process.exitCode = await runModelCommand(process.argv.slice(2), { env: process.env, print, printError });
