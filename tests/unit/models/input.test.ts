/** Inputs as clients, jobs and golden rows give them: what is taken, and what is said of the rest. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkInput, validateInput } from '../../../src/models/input.ts';
import type { Manifest } from '../../../src/models/manifest.ts';

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

describe('each kind of input', () => {
  const kinds = {
    size: { type: 'float32', unit: 'cm', minimum: 0, maximum: 9, size: 2 },
    places: { type: 'int64', unit: 'rank', minimum: 0, maximum: 9, size: 2 },
    title: { type: 'string', maxLength: 3 },
    colour: {
      type: 'enum',
      enumType: 'Colour',
      values: [
        { name: 'BLUE', value: 1 },
        { name: 'RED', value: 2 },
      ],
    },
    isNew: { type: 'boolean' },
    pickupAt: { type: 'dateTime', timeZone: 'America/New_York', default: 'now' },
  };
  /** A manifest with one input of that kind. */
  const taking = (name: keyof typeof kinds) =>
    ({ inputs: [{ name, ...kinds[name] }] }) as unknown as Manifest;

  test.for<[keyof typeof kinds, unknown]>([
    ['size', [0, 9]],
    ['places', [3, 3]],
    ['title', ''],
    // Three characters, of which each takes two units of UTF-16.
    ['title', '🚕🚖🚙'],
    ['colour', 'RED'],
    ['isNew', false],
    ['pickupAt', '2021-03-14T02:30:00'],
  ])('%s may be %j, and the taken value is taken again', ([name, value]) => {
    const taken = validateInput(taking(name), { [name]: value }, NOON);
    expect(taken).toEqual({ [name]: value });
    expect(validateInput(taking(name), taken, NOON + 60_000)).toEqual(taken);
  });

  test.for<[keyof typeof kinds, unknown, string]>([
    ['size', [1], 'a list of 2 numbers, each from 0 to 9 (cm), got a list of 1'],
    ['size', [1, 9.5], 'a list of 2 numbers, each from 0 to 9 (cm), got 9.5 at index 1'],
    ['size', [null, 1], 'a list of 2 numbers, each from 0 to 9 (cm), got null at index 0'],
    ['size', 5, 'a list of 2 numbers, each from 0 to 9 (cm), got 5'],
    ['places', [1, 1.5], 'a list of 2 whole numbers, each from 0 to 9 (rank), got 1.5 at index 1'],
    ['title', 'four', 'a text of at most 3 characters, none of them NUL, got 4 characters'],
    ['title', '🚕🚖🚙🚗', 'a text of at most 3 characters, none of them NUL, got 4 characters'],
    ['title', 'a\0', 'a text of at most 3 characters, none of them NUL, got "a\\u0000"'],
    ['title', '\ud83d', 'a text of at most 3 characters, none of them NUL, got "\\ud83d"'],
    ['title', 5, 'a text of at most 3 characters, none of them NUL, got 5'],
    ['title', undefined, 'a text of at most 3 characters, none of them NUL, got null'],
    // The value of the tensor is not for clients.
    ['colour', 1, 'one of BLUE, RED, got 1'],
    ['colour', 'GREEN', 'one of BLUE, RED, got "GREEN"'],
    ['colour', 'x'.repeat(100), `one of BLUE, RED, got "${'x'.repeat(39)}…`],
    ['isNew', 0, 'true or false, got 0'],
    ['pickupAt', 1612353600, 'or now, got 1612353600'],
    ['pickupAt', '2021-02-30T14:30:00', 'got "2021-02-30T14:30:00": 2021-02 has no day 30'],
  ])('%s cannot be %j', ([name, value, message]) => {
    expect(() => validateInput(taking(name), { [name]: value }, NOON)).toThrow(message);
  });

  test('a time is the reading of the clock in its zone, and by default that of the submission', () => {
    const manifest = taking('pickupAt');
    const reading = (pickupAt?: string | null) => validateInput(manifest, { pickupAt }, NOON).pickupAt;
    expect(reading('2021-02-03T14:30:00Z')).toBe('2021-02-03T09:30:00');
    expect([reading(), reading(null), reading('now')]).toEqual(Array(3).fill('2021-02-03T07:00:00'));
  });

  test('any value is either refused in words, or taken in a form that is taken again', () => {
    const manifest = {
      inputs: Object.entries(kinds).map(([name, kind]) => ({ name, ...kind })),
    } as unknown as Manifest;
    const anything = fc.oneof(
      fc.anything(),
      fc.constantFrom('BLUE', 'now', '2021-02-03T14:30:00Z', [1, 2]),
      fc.string({ unit: 'binary' }),
    );
    const input = fc.record(Object.fromEntries(Object.keys(kinds).map((name) => [name, anything])));
    fc.assert(
      fc.property(input, (given) => {
        try {
          const stored = JSON.parse(JSON.stringify(validateInput(manifest, given, NOON)));
          expect(validateInput(manifest, stored, NOON + 60_000)).toEqual(stored);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a time that is left out stays now until the task is submitted', () => {
    expect(checkInput(taking('pickupAt'), {})).toEqual({ pickupAt: 'now' });
  });
});
