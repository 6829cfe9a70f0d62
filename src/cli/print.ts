/** What commands say in a terminal. Names and texts in it come from files that may be anybody's. */
import { inspect } from 'node:util';
import { printableLines } from '../process/printable.ts';

export function print(text: string): void {
  console.log(printableLines(text));
}

export function complain(text: string): void {
  console.error(printableLines(text));
}

/** A defect, with its stack. */
export function complainOfDefect(command: string, error: unknown): void {
  complain(`${command}: ${inspect(error)}`);
}
