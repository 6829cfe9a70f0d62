import { expect, test } from 'vitest';
import { exampleFields } from '../../../src/models/graphqlLiteral.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import { EVERY_KIND } from '../../support/everyKindManifest.ts';

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
