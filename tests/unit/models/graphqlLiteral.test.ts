import { expect, test } from 'vitest';
import { exampleFields, exampleVariable } from '../../../src/models/graphqlLiteral.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import { EVERY_KIND } from '../../support/everyKindManifest.ts';
import { TENSORS } from '../../support/tensorManifest.ts';

test('the example of a model is written as fields of a GraphQL input, whatever the kinds of its values', () => {
  expect(exampleFields(EVERY_KIND as unknown as Manifest)).toEqual([
    'count: 3',
    'share: 0.25',
    'weights: [1, 2.5, -3]',
    'title: "a \\"b\\", {c}"',
    'colour: DARK_RED',
    'pickupAt: "2021-02-03T14:30:00"',
  ]);
});

test('the example of a tensor is written as an operation takes it, in whatever form the manifest has it', () => {
  const example = {
    image: { shape: [2, 1, 3], fill: 7 },
    isRow: { shape: [2], values: [true, 0] },
    scores: [0.5, 1, 2],
    ids: { base64: 'AAAAAAAAAAABAAAAAAAAAA==' },
    words: { fill: 'a' },
    half: { shape: [], data: { values: [1] } },
    readings: { base64: 'AAAAAAAA+H8AAAAAAAAAAA==' },
    seed: '18446744073709551615',
  };
  const manifest = { ...TENSORS, example } as unknown as Manifest;
  expect(exampleFields(manifest)).toEqual([
    'image: { shape: [2, 1, 3], data: { fill: 7 } }',
    'isRow: { shape: [2], data: { booleans: [true, false] } }',
    'scores: { values: [0.5, 1, 2] }',
    'ids: { integers: [0, 1] }',
    'words: { texts: ["a", "a"] }',
    'half: { values: [1] }',
    // NaN has no other form.
    'readings: { base64: "AAAAAAAA+H8AAAAAAAAAAA==" }',
    'seed: "18446744073709551615"',
  ]);
  expect(exampleVariable(manifest)).toMatchObject({
    image: { shape: [2, 1, 3], data: { fill: 7 } },
    scores: { values: [0.5, 1, 2] },
  });
});
