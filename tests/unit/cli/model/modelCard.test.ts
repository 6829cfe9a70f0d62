import { expect, test } from 'vitest';
import { formatManifest } from '../../../../src/cli/model/modelCard.ts';
import type { Manifest } from '../../../../src/models/manifest.ts';

test('a manifest is written with one member a line, and its lists of numbers fill lines', () => {
  const long = Array.from({ length: 40 }, (_, i) => i / 4);
  const manifest = { name: 'm', example: { short: [1, -2.5], long } };
  const text = formatManifest(manifest as unknown as Manifest);
  expect(text.split('\n').slice(0, 6)).toEqual([
    '{',
    '  "$schema": "../manifest.schema.json",',
    '  "name": "m",',
    '  "example": {',
    '    "short": [1, -2.5],',
    '    "long": [',
  ]);
  const lengths = text.split('\n').map(({ length }) => length);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(110);
  expect(lengths).toHaveLength(12);
  expect(JSON.parse(text)).toEqual({ $schema: '../manifest.schema.json', ...manifest });
});

test('control characters in a manifest are written as escapes', () => {
  const text = formatManifest({ name: 'm', description: 'a\u009bb' } as Manifest);
  expect(text).toContain('"a\\u009bb"');
});
