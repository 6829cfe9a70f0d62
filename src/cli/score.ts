/**
 * `npm run score -- --model <name> <in> <out>`: scores a Parquet or CSV file through a running Tidings.
 *
 * Exit codes: 0 scored; 1 the file or Tidings cannot be used, or no row has a prediction; 2 a wrong command line; 130
 * stopped by Ctrl-C. The rows scored before a stop or an error are kept beside the output, and the same command goes on
 * from there.
 */
import { runScoreCommand, STOPPED } from './score/command.ts';

/** A second Ctrl-C after this time forces the end. An earlier signal does not: npm sends two for one key press. */
const FORCE_AFTER_MS = 1_000;

const stop = new AbortController();
let interruptedAt: number | undefined;
process.on('SIGINT', () => {
  interruptedAt ??= performance.now();
  stop.abort();
  if (performance.now() - interruptedAt < FORCE_AFTER_MS) return;
  console.error(STOPPED);
  process.exit(130);
});
process.exitCode = await runScoreCommand(process.argv.slice(2), {
  env: process.env,
  print: console.log,
  printError: console.error,
  terminal: process.stderr,
  signal: stop.signal,
});
// Calls that still run would keep the process alive.
stop.abort();
