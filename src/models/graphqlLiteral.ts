/** Writes input values as GraphQL literals, for examples and descriptions. */

import type { Value } from '../contract/values.ts';
import type { Manifest, ManifestInput } from './manifest.ts';

/** Texts stand in quotes, names of enums without, lists in brackets. */
export function graphqlLiteral({ type }: ManifestInput, value: Value): string {
  if (typeof value === 'object') return `[${value.join(', ')}]`;
  return type === 'enum' ? String(value) : JSON.stringify(value);
}

/** The manifest's example as fields of an input object, such as `tripDistanceMiles: 1.44`, in its own order. */
export function exampleFields({ inputs, example }: Manifest): readonly string[] {
  return Object.entries(example).flatMap(([name, value]) => {
    const input = inputs.find((candidate) => candidate.name === name);
    return input === undefined ? [] : [`${name}: ${graphqlLiteral(input, value)}`];
  });
}
