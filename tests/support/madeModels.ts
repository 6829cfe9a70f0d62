/** Generated models that exist only as manifests: small and large ones, with texts that are hard to quote. */
import type { Value } from '../../src/contract/values.ts';
import { completeNames, type Manifest } from '../../src/models/manifest.ts';
import type { Model } from '../../src/models/models.ts';

type Kind = 'numbers' | 'vector' | 'texts' | 'enums';

/** A model with a number of inputs and outputs of one kind. For a vector, the count is its size. */
export function modelOf(name: string, kind: Kind, count: number): Model {
  const graphql = completeNames({
    mutation: `predict${name}`,
    inputType: `Predict${name}Input`,
    predictionType: `${name}Prediction`,
  });
  const described = { description: 'One of many.', tensor: 't' };
  const number = { ...described, type: 'float32', unit: 'parts', minimum: -9, maximum: 9 } as const;
  const longName = `THE_${'VERY_'.repeat(20)}LONG_ONE`;
  const kinds: Record<Kind, [object, Value]> = {
    numbers: [number, -1.25],
    vector: [{ ...number, size: count }, Array.from({ length: count }, (_, i) => i / 8)],
    texts: [
      { ...described, type: 'string', maxLength: 200 },
      '"quoted" \\ {braces} </script> # … \n $input ```',
    ],
    enums: [
      { ...described, type: 'enum', enumType: `${name}Enum`, values: [{ name: longName, value: 1 }] },
      longName,
    ],
  };
  const [input, value] = kinds[kind];
  const names = Array.from({ length: kind === 'vector' ? 1 : count }, (_, i) => `input${i}`);
  const manifest = {
    name: name.toLowerCase(),
    description: 'Made by a test.',
    versions: 'all',
    graphql,
    inputs: names.map((name) => ({ ...input, name })),
    outputs: names.map((_, i) => ({ ...(kind === 'vector' ? input : number), name: `output${i}` })),
    batching: { maxBatchSize: 1, maxBulkBatchSize: 1, maxWaitMs: 0 },
    coalesce: false,
    isolation: 'shared',
    limits: { timeoutMs: 1_000, runTimeoutMs: 1_000, maxAttempts: 1 },
    example: Object.fromEntries(names.map((name) => [name, value])),
  } as unknown as Manifest;
  return { manifest, versions: [], unreadable: [] };
}

export const MADE_MODELS: readonly Model[] = [
  modelOf('Huge', 'vector', 2_048),
  modelOf('Wide', 'numbers', 300),
  modelOf('Quoted', 'texts', 4),
  modelOf('Named', 'enums', 30),
  ...Array.from({ length: 40 }, (_, i) => modelOf(`Many${i}`, 'numbers', 1 + (i % 7))),
];
