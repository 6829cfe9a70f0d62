/**
 * `npm run score -- --model <name> <in> <out>`: scores a Parquet or CSV file through a running Tidings.
 *
 * Exit codes: 0 scored; 1 the file or Tidings cannot be used, or no row has a prediction; 2 a wrong command line; 130
 * stopped by Ctrl-C. The rows scored before a stop or an error are kept beside the output, and the same command goes on
 * from there.
 */

import { DataFault } from '../data/dataFault.ts';
import { loadDuckDb, PackageMissing } from '../data/duckdb.ts';
import { UsageError } from './commandLine.ts';
import { GatewayError } from './gateway.ts';
import { HELP, readArguments, USAGE } from './score/arguments.ts';
import { ScoreError } from './score/tidings.ts';

const STOPPED = 'score: stopped. The same command goes on from here.';
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
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`score: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else if (stop.signal.aborted) {
    console.error(STOPPED);
    process.exitCode = 130;
  } else {
    console.error('score:', isExplained(error) ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  // Calls that still run would keep the process alive.
  stop.abort();
}

/** Whether the message alone explains the error. Errors of the file system name the fault and the file. */
function isExplained(error: unknown): error is Error {
  return (
    error instanceof ScoreError ||
    error instanceof DataFault ||
    error instanceof GatewayError ||
    error instanceof PackageMissing ||
    (error instanceof Error && 'syscall' in error)
  );
}

async function main(args: readonly string[]): Promise<void> {
  const wanted = readArguments(args, process.env);
  if (wanted === undefined) {
    console.log(HELP);
    return;
  }
  await loadDuckDb('npm run score');
  // Imports DuckDB by its name.
  const { scoreFile } = await import('./score/scoreFile.ts');
  await scoreFile(wanted, stop.signal);
}
