/**
 * `npm run data -- add <name> <file> …`, `npm run data -- list`: data for training models.
 *
 * Exit codes: 0 usable; 1 unusable, or the check failed, or the files or Tidings cannot be used; 2 a wrong command line;
 * 130 stopped by Ctrl-C.
 */
import { DataFault } from '../data/dataFault.ts';
import { UsageError } from './commandLine.ts';
import { HELP, readArguments, USAGE } from './data/arguments.ts';
import { add, list } from './data/commands.ts';
import { GatewayError } from './gateway.ts';
import { print, printDefect, printError } from './print.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    printError(`data: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else if (stop.signal.aborted) {
    printError('data: stopped. The same command goes on from here.');
    process.exitCode = 130;
  } else {
    // The message of a file system error names the fault and the file.
    const isExplained =
      error instanceof DataFault ||
      error instanceof GatewayError ||
      (error instanceof Error && 'syscall' in error);
    if (isExplained) printError(`data: ${error.message}`);
    else printDefect('data', error);
    process.exitCode = 1;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = readArguments(args, process.env);
  if (wanted === undefined) {
    print(HELP);
    return 0;
  }
  if (wanted.command === 'add') return (await add(wanted, stop.signal)) ? 0 : 1;
  await list(wanted, stop.signal);
  return 0;
}
