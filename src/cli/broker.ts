/**
 * `npm run broker -- provision|keys`: prepares a broker whose processes have roles.
 *
 * Exit codes: 0 done; 1 an error; 2 a wrong command line; 78 a wrong configuration; 130 interrupted before it was done.
 */
import { ConfigurationError, EXIT_CONFIGURATION } from '../contract/errors.ts';
import { logFatal } from '../process/log.ts';
import { makeKeys } from './broker/keys.ts';
import { provision } from './broker/provision.ts';
import { HELP_OPTION, parseStrictly, requireSeparator, UsageError } from './commandLine.ts';
import { print, printError } from './print.ts';

const OPTIONS = { watch: { type: 'boolean' }, help: HELP_OPTION } as const;
const HELP = `usage: npm run broker -- provision [--watch]
       npm run broker -- keys <folder>

provision   makes the streams and consumers of the models in MODELS_DIR at the broker that NATS_URL names, with the
            settings of the environment. It needs a login that may do so, such as the key of the role admin.
  --watch   keeps running: makes the consumers of versions that come, and streams and consumers that are deleted
keys        makes a key for each role in <folder>, unless it is there, and writes roles.conf beside them: the accounts and
            rights of the roles, to be included in the configuration of nats-server

  -h, --help   prints this help`;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

const env = { ...process.env, LOG_FORMAT: process.env.LOG_FORMAT || 'pretty' };
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    printError(`broker: ${error.message}\n${HELP}`);
    process.exit(2);
  }
  if (stop.signal.aborted) {
    process.exitCode = 130;
  } else {
    logFatal(error, 'broker', env);
    process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
  }
}

async function main(args: readonly string[]): Promise<void> {
  requireSeparator(env, { command: 'broker', usage: 'provision --watch', options: OPTIONS });
  const { values, positionals } = parseStrictly(args, OPTIONS);
  const [command, folder, ...others] = positionals;
  if (values.help) print(HELP);
  else if (command === 'provision' && folder === undefined)
    await provision({ env, watches: values.watch === true, signal: stop.signal });
  else if (command === 'keys' && folder !== undefined && others.length === 0) await makeKeys(folder, print);
  else
    throw new UsageError(
      `expected provision, or keys and a folder, got ${positionals.join(' ') || 'nothing'}`,
    );
}
