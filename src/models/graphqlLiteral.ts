/** Writes input values as GraphQL literals, for examples and descriptions. */

import type { Manifest, ManifestInput } from './manifest.ts';

/** Texts stand in quotes, names of enums without, lists in brackets. */
export function graphqlLiteral(input: ManifestInput, value: unknown): string {
  return input.type === 'enum' ? String(value) : literal(value);
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${name}: ${literal(member)}`);
  return `{ ${members.join(', ')} }`;
}

/** The manifest's example as fields of an input object, such as `tripDistanceMiles: 1.44`, in its own order. */
export function exampleFields({ inputs, example }: Manifest): readonly string[] {
  return Object.entries(example).flatMap(([name, value]) => {
    const input = inputs.find((candidate) => candidate.name === name);
    return input === undefined ? [] : [`${name}: ${graphqlLiteral(input, value)}`];
  });
}
