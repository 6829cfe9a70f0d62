/** The scalar for whole numbers beyond the 32 bits of GraphQL's `Int`. */
import { Kind } from 'graphql';
import { shownValue } from '../src/contract/shownValue.ts';
import { exactNumber, wholeNumber } from '../src/models/elements.ts';
import { isExact, isPlainInput, isTensorOutput, isWide, type Manifest } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';

/** A number if it is exact as one, else the text of its digits. */
export type WholeNumber = number | string;

/** Defines the scalar if a model has a field of it: a schema has no types that cannot be used. */
export function defineBigInt(builder: Builder, models: readonly Model[]): void {
  if (!models.some(({ manifest }) => hasBigInts(manifest))) return;
  builder.scalarType('BigInt', {
    description:
      'A whole number. In JSON it is a number within ±(2^53 − 1), and a text of its digits beyond that, such as `"9223372036854775807"`. As an input, a text of digits may be any whole number.',
    serialize: (value) => value,
    parseValue: readWholeNumber,
    // In the text of an operation all digits of a number are there.
    parseLiteral: (node) =>
      readWholeNumber(node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : node.kind),
  });
}

function hasBigInts({ inputs, outputs }: Manifest): boolean {
  return (
    inputs.some((input) => !isPlainInput(input) || isWide(input)) ||
    outputs.some((output) => isTensorOutput(output) || isExact(output))
  );
}

function readWholeNumber(value: unknown): WholeNumber {
  const whole = wholeNumber(value);
  if (whole !== undefined) return exactNumber(whole);
  throw new TypeError(
    `BigInt must be a whole number within ±(2^53 − 1), or a text of at most 20 digits, got ${shownValue(value)}`,
  );
}
