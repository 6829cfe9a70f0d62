/** Tensors as clients give them: each form is the same input, and what is wrong is told. */
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsDigest, inputDigest } from '../../../src/contract/digests.ts';
import { RequestError } from '../../../src/contract/errors.ts';
import { checkInput } from '../../../src/models/input.ts';
import { checkRows, packColumns, unpackColumns } from '../../../src/models/inputColumns.ts';
import { manifestCheck } from '../../../src/models/manifestCheck.ts';
import { TENSORS } from '../../support/tensorManifest.ts';

const check = await manifestCheck();
const manifest = check(structuredClone(TENSORS), 'tensors', 'model.json');
const SCORES = base64Of(Float32Array.of(0.5, 1.5, -2));
const BLOB = 'ab'.repeat(32);

test.each<[string, unknown]>([
  ['a list', [0.5, 1.5, -2]],
  ['values', { values: [0.5, 1.5, -2] }],
  ['values with a shape', { shape: [3], values: [0.5, 1.5, -2] }],
  ['data with a shape', { shape: [3], data: { values: [0.5, 1.5, -2] } }],
  ['base64', { base64: SCORES }],
  ['base64 in lines', { base64: `${SCORES.slice(0, 8)}\n${SCORES.slice(8)}\n` }],
  ['other members that are null', { values: [0.5, 1.5, -2], base64: null, blob: undefined }],
])('%s is the same input as all other forms, also for a requestId', (_what, scores) => {
  const values = checkInput(manifest, { scores });
  expect(values.scores).toEqual({ shape: [3], base64: SCORES });
  const other = checkInput(manifest, { scores: { base64: SCORES }, seed: '7', ids: { integers: [0, '0'] } });
  expect(inputDigest(values, undefined)).toBe(inputDigest(other, undefined));
  expect(checkInput(manifest, values)).toEqual(values);
});

test('a tensor in the store of blobs is the same input as its bytes', () => {
  const digest = hash('sha256', Buffer.from(SCORES, 'base64'), 'hex');
  const inline = checkInput(manifest, { scores: { base64: SCORES } });
  const stored = checkInput(manifest, { scores: { blob: digest } });
  expect(stored.scores).toEqual({ shape: [3], blob: digest, bytes: 12 });
  expect(inputDigest(stored, '1')).toBe(inputDigest(inline, '1'));
  expect(inputDigest(checkInput(manifest, { scores: { blob: BLOB } }), '1')).not.toBe(
    inputDigest(inline, '1'),
  );
  const rows = [{ scores: { base64: SCORES } }, { scores: { blob: digest } }];
  expect(columnsDigest(checkRows(manifest, rows), '1')).toBe(
    columnsDigest(checkRows(manifest, rows.toReversed()), '1'),
  );
});

test('booleans, texts, whole numbers of 64 bits and floats of 16 have their forms', () => {
  expect(
    checkInput(manifest, {
      scores: { fill: 1 },
      image: { shape: [2, 2, 1], data: { integers: [0, 255, 7, 1] } },
      isRow: { shape: [2], data: { booleans: [true, false] } },
      ids: { integers: [-1, '9223372036854775807'] },
      words: { texts: ['a', '🚕🚕🚕🚕🚕'] },
      half: { values: [1.5] },
      readings: { base64: base64Of(Float64Array.of(Number.NaN, 1)) },
    }),
  ).toEqual({
    scores: { shape: [3], base64: base64Of(Float32Array.of(1, 1, 1)) },
    image: { shape: [2, 2, 1], base64: 'AP8HAQ==' },
    isRow: { shape: [2], base64: 'AQA=' },
    ids: { shape: [2], base64: base64Of(BigInt64Array.of(-1n, 2n ** 63n - 1n)) },
    words: { shape: [2], texts: ['a', '🚕🚕🚕🚕🚕'] },
    half: { shape: [], base64: base64Of(Float16Array.of(1.5)) },
    readings: { shape: [2], base64: base64Of(Float64Array.of(Number.NaN, 1)) },
    seed: 7,
    population: 1,
  });
});

const shaped = (shape: unknown, data: object) => ({ image: { shape, data } });

test.each<[string, object, string]>([
  [
    'another number of elements',
    { scores: { values: [1, 2] } },
    'scores must be a list of 3 elements (shape [3]), got a list of 2',
  ],
  [
    'another number of bytes',
    { scores: { base64: 'AAAA' } },
    'scores must be 12 bytes (float32, shape [3]), got 3 bytes',
  ],
  [
    'another rank',
    shaped([2, 1], { fill: 0 }),
    'image must be of the shape [2, height, width], got the shape [2, 1]',
  ],
  ['another fixed size', shaped([3, 1, 1], { fill: 0 }), 'got the shape [3, 1, 1]'],
  ['a negative size', shaped([2, -1, 1], { fill: 0 }), 'got the shape [2, -1, 1]'],
  ['a size that is a fraction', shaped([2, 0.5, 1], { fill: 0 }), 'got the shape [2, 0.5, 1]'],
  [
    'a shape whose product overflows',
    shaped([2, 2 ** 52, 2 ** 52], { fill: 0 }),
    'image must be of a shape with fewer than 2^53 elements, got the shape [2, 4503599627370496, 4503599627370496]',
  ],
  [
    'a shape with a huge rank',
    shaped(new Array(100_000).fill(1), { fill: 0 }),
    'got the shape a list of 100000',
  ],
  ['no shape where it varies', { image: { values: [] } }, 'with its shape, got one without a shape'],
  [
    'a size beyond its limit',
    shaped([2, 5, 1], { fill: 0 }),
    'image must be of a size from 0 to 4 at height, got 5',
  ],
  [
    'a size below its limit',
    shaped([2, 1, 0], { values: [] }),
    'image must be of a size from 1 to 1000000 at width, got 0',
  ],
  [
    'sizes that do not fit each other',
    { ...shaped([2, 1, 1], { fill: 0 }), isRow: { shape: [3], data: { fill: 1 } } },
    'isRow must be of the size 1, that of image, at height, got 3',
  ],
  [
    'a float in a tensor of whole numbers',
    shaped([2, 1, 1], { values: [1, 1.5] }),
    'image must be elements of uint8, got 1.5 at index 1',
  ],
  [
    'a number beyond the type',
    shaped([2, 1, 1], { values: [300, 0] }),
    'image must be elements of uint8, got 300 at index 0',
  ],
  [
    'a rounded number',
    { ids: { values: [2 ** 53, 0] } },
    'ids must be elements of int64, got 9007199254740992 at index 0',
  ],
  [
    'a whole number beyond the type',
    { ids: { integers: ['9223372036854775808', 0] } },
    'got "9223372036854775808" at index 0',
  ],
  [
    'a number beyond the limits',
    { scores: { values: [0, 1001, 0] } },
    'scores must be finite numbers from -1000 to 1000, got 1001 at index 1',
  ],
  ['NaN', { scores: { base64: base64Of(Float32Array.of(0, Number.NaN, 0)) } }, 'got NaN at index 1'],
  [
    'an infinite number where NaN is let through',
    { readings: { base64: base64Of(Float64Array.of(0, 1 / 0)) } },
    'readings must be finite numbers, got Infinity at index 1',
  ],
  [
    'a byte that is no boolean',
    { isRow: { shape: [1], data: { base64: 'Ag==' } } },
    'isRow must be whole numbers from 0 to 1, got 2 at index 0',
  ],
  [
    'base64 with rubbish',
    { scores: { base64: 'AAAA*AAAAAAAAAAA' } },
    'scores must be base64 (RFC 4648, with padding), got "AAAA*AAAAAAAAAAA"',
  ],
  ['base64 without padding', { scores: { base64: 'AA' } }, 'scores must be base64'],
  ['base64 for URLs', { scores: { base64: '__________8AAA==' } }, 'scores must be base64'],
  ['base64 with bits to spare', { half: { base64: 'AAB=' } }, 'half must be base64'],
  [
    'two forms',
    { scores: { values: [1, 2, 3], fill: 1 } },
    'scores must be a tensor of float32 of the shape [3], got an object',
  ],
  ['no form', { scores: {} }, 'scores must be a tensor of float32 of the shape [3], got an object'],
  [
    'texts for numbers',
    { scores: { texts: ['1', '2', '3'] } },
    'as values, integers, base64, blob, fill, got texts',
  ],
  [
    'bytes for texts',
    { words: { base64: '' } },
    'words must be a tensor of string of the shape [2], as values, texts, fill, got base64',
  ],
  [
    'numbers for texts',
    { words: { values: [1, 2] } },
    'words must be texts of at most 5 characters, without NUL, got 1 at index 0',
  ],
  ['a text that is too long', { words: { texts: ['a', 'abcdef'] } }, 'got "abcdef" at index 1'],
  ['a text with NUL', { words: { texts: ['a', '\0'] } }, 'at index 1'],
  ['a text with half a character', { words: { texts: ['\ud800', 'a'] } }, 'at index 0'],
  [
    'a name that is no blob',
    { scores: { blob: 'ABC' } },
    'scores must be the id of a blob, 64 hex digits, got "ABC"',
  ],
  [
    'a list that is too long',
    shaped([2, 1, 200_000], { fill: 1 }),
    'image must be given as base64 or as a blob, since a list may have 262144 elements at most, got 400000 elements (shape [2, 1, 200000])',
  ],
  ['a number', { scores: 1 }, 'scores must be a tensor of float32 of the shape [3], got 1'],
  ['a whole number beyond its limit', { seed: '18446744073709551616' }, 'seed must be a whole number from 0'],
  [
    'a text that is no number',
    { population: '1e3' },
    'population must be a whole number from 0 to 10000000000 (people), got "1e3"',
  ],
])('%s is refused', (_what, input, message) => {
  const error = errorOf(() => checkInput(manifest, { scores: { fill: 0 }, ...input }));
  expect(error.message).toContain(message);
  expect(error.code).toBe('BAD_USER_INPUT');
  const [field] = error.message.split(' ');
  expect(error.details).toMatchObject({ field, expected: expect.any(String), value: expect.any(String) });
});

test('texts that do not fit into a message are refused', () => {
  const long = manifest.inputs.map((input) =>
    input.name === 'words' ? { ...input, maxLength: 1e6 } : input,
  );
  const texts = ['ß'.repeat(30_000), 'x'];
  expect(
    errorOf(() => checkInput({ ...manifest, inputs: long }, { scores: { fill: 0 }, words: { texts } }))
      .message,
  ).toBe('words must be texts of at most 50188 bytes as JSON, got 60008 bytes');
});

describe('rows with tensors', () => {
  test('are refused with the row whose sizes do not fit', () => {
    const row = (height: number, isRow: number) => ({
      scores: { fill: 0 },
      ...shaped([2, height, 1], { fill: 1 }),
      isRow: { shape: [isRow], data: { fill: 1 } },
    });
    const error = errorOf(() => checkRows(manifest, [row(1, 1), row(2, 1), row(5, 5), { scores: 1 }]));
    expect(error.message).toBe(
      'inputs[1].isRow must be of the size 2, that of image, at height, got 1; inputs[2].image must be of a size from 0 to 4 at height, got 5; inputs[3].scores must be a tensor of float32 of the shape [3], got 1',
    );
  });

  test('share one value in a message if all are equal, and those of a message are checked row by row', () => {
    const row = { scores: { values: [1, 2, 3] }, words: { texts: ['a', 'b'] } };
    const columns = checkRows(manifest, [
      row,
      structuredClone(row),
      { ...row, words: { texts: ['a', 'c'] } },
    ]);
    const packed = packColumns(columns, 0, 3);
    expect(packed.scores).toEqual({ all: { shape: [3], base64: base64Of(Float32Array.of(1, 2, 3)) } });
    expect(packed.image).toEqual({ all: { shape: [2, 0, 1], base64: '' } });
    expect(packed.words).toHaveLength(3);
    const message = JSON.parse(JSON.stringify(packed));
    expect(unpackColumns(manifest, message, 3)).toEqual({ columns, faults: new Map() });
    const wrong = { ...message, isRow: [0, 1, 5].map((n) => ({ shape: [n], base64: '' })) };
    const { faults } = unpackColumns(manifest, wrong, 3);
    expect([...faults.keys()]).toEqual([1, 2]);
  });

  test('are filled up to a limit in all', () => {
    const isRow = { shape: [1], data: { fill: 1 } };
    const filled = { scores: { fill: 0 }, isRow, ...shaped([2, 1, 65_536], { fill: 1 }) };
    expect(checkRows(manifest, [filled]).image).toHaveLength(1);
    expect(errorOf(() => checkRows(manifest, [filled, filled, filled])).message).toBe(
      'inputs must be rows with 262144 elements at most that are given as fill, got 393228',
    );
  });
});

test('any value is refused in words, or taken in a form that is taken again', () => {
  const leaf = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constant(null));
  const form = fc.constantFrom(
    'shape',
    'data',
    'values',
    'integers',
    'booleans',
    'texts',
    'base64',
    'blob',
    'fill',
    'bytes',
  );
  const member = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(form, leaf, { maxKeys: 2 }));
  const tensor = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 4 }),
    fc.dictionary(form, member, { maxKeys: 3 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...TENSORS.inputs.map(({ name }) => name)), tensor, (name, value) => {
      try {
        const values = checkInput(manifest, { scores: { fill: 0 }, [name]: value });
        expect(checkInput(manifest, JSON.parse(JSON.stringify(values)))).toEqual(values);
      } catch (error) {
        expect(error).toBeInstanceOf(RequestError);
        expect((error as RequestError).message.length).toBeLessThan(400);
      }
    }),
    { numRuns: 2_000 },
  );
});

function errorOf(run: () => unknown): RequestError {
  try {
    run();
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

function base64Of({ buffer }: { readonly buffer: ArrayBufferLike }): string {
  return Buffer.from(buffer).toString('base64');
}
