/**
 * Prints lines of commands to a terminal. Names and texts in them may come from files of strangers, so they are
 * escaped.
 */
import { inspect } from 'node:util';
import { printableLines } from '../process/printable.ts';

export function print(text: string): void {
  console.log(printableLines(text));
}

export function printError(text: string): void {
  console.error(printableLines(text));
}

/** Prints an unexpected error with its stack. */
export function printDefect(command: string, error: unknown): void {
  printError(`${command}: ${inspect(error)}`);
}
