/** What `npm run score` does with its arguments. */
import { inspect } from 'node:util';
import { DataFault } from '../../data/dataFault.ts';
import { loadDuckDb, PackageMissing } from '../../data/duckdb.ts';
import { UsageError } from '../commandLine.ts';
import { GatewayError } from '../gateway.ts';
import type { Terminal } from '../progress.ts';
import { HELP, readArguments, USAGE } from './arguments.ts';
import { ScoreError } from './tidings.ts';

export const STOPPED = 'score: stopped. The same command goes on from here.';

/** What the command has from its process. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Shows the progress. */
  readonly terminal: Terminal;
  /** Stops it. */
  readonly signal: AbortSignal;
}

/** @returns the exit code. */
export async function runScoreCommand(
  args: readonly string[],
  { env, print, printError, terminal, signal }: Surroundings,
): Promise<number> {
  try {
    const wanted = readArguments(args, env);
    if (wanted === undefined) {
      print(HELP);
      return 0;
    }
    await loadDuckDb('npm run score');
    // Imports DuckDB by its name.
    const { scoreFile } = await import('./scoreFile.ts');
    await scoreFile(wanted, { print, terminal, signal });
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      printError(`score: ${error.message}\n${USAGE}`);
      return 2;
    }
    if (signal.aborted) {
      printError(STOPPED);
      return 130;
    }
    printError(`score: ${isExplained(error) ? error.message : inspect(error)}`);
    return 1;
  }
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
