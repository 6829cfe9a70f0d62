/** Inputs as clients, jobs and golden rows give them: what is taken, and what is said of the rest. */
import { describe, expect, test } from 'vitest';
import { validateInput } from '../../src/input.ts';
import type { Manifest } from '../../src/manifest.ts';

/** In New York it is 7 in the morning. */
const NOON = Date.parse('2021-02-03T12:00:00Z');

describe('validateInput', () => {
  const number = { unit: 'parts', description: '', tensor: 't' } as const;
  const manifest = {
    inputs: [
      { ...number, name: 'count', type: 'int64', minimum: 0, maximum: 9 },
      { ...number, name: 'share', type: 'float32', minimum: -1, maximum: 1, default: 0.5 },
    ],
  } as unknown as Manifest;

  test('gives the values in the order of the manifest, defaults filled in', () => {
    expect(Object.entries(validateInput(manifest, { count: 3 }, NOON))).toEqual([
      ['count', 3],
      ['share', 0.5],
    ]);
    expect(Object.entries(validateInput(manifest, { share: -1, count: 0 }, NOON))).toEqual([
      ['count', 0],
      ['share', -1],
    ]);
  });

  test('names every field that is wrong, its limits and its value', () => {
    expect(() => validateInput(manifest, { count: 2.5, share: Number.NaN }, NOON)).toThrow(
      'count must be a whole number from 0 to 9 (parts), got 2.5; share must be a number from -1 to 1 (parts), got NaN',
    );
    expect(() => validateInput(manifest, {}, NOON)).toThrow(
      'count must be a whole number from 0 to 9 (parts), got null',
    );
    expect(() => validateInput(manifest, { count: '3' }, NOON)).toThrow('got "3"');
    expect(() => validateInput(manifest, { count: 1, share: Number.POSITIVE_INFINITY }, NOON)).toThrow(
      'got Infinity',
    );
  });
});
