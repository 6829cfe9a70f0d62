/** Manifests that are refused, each with what is wrong with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ManifestInput } from '../../../src/models/manifest.ts';
import { manifestCheck, takenNameProblem } from '../../../src/models/manifestCheck.ts';
import { MODELS } from '../../support/models.ts';

const COMMITTED = JSON.parse(await readFile(join(MODELS, 'trip-duration/model.json'), 'utf8'));
const check = await manifestCheck();

type Refusal = [string, (manifest: Record<string, unknown>) => void, string | RegExp];

const ENUM = {
  type: 'enum',
  enumType: 'PickupZone',
  values: [
    { name: 'ONE', value: 1 },
    { name: 'TWO', value: 2 },
  ],
};

/** The first input, pickupLocationId, with other members; those of its number only where it stays one. */
function wrongInput(
  what: string,
  members: object,
  message: string | RegExp,
  example: object = {},
): [Refusal] {
  return [
    [
      what,
      (manifest) => {
        const [first, ...rest] = manifest.inputs as Record<string, unknown>[];
        const { unit, minimum, maximum, ...field } = first ?? {};
        const number = 'type' in members && members.type !== undefined ? {} : { unit, minimum, maximum };
        manifest.inputs = [{ ...field, ...number, ...members }, ...rest];
        Object.assign(manifest.example as object, example);
      },
      message,
    ],
  ];
}

describe('a manifest', () => {
  test.for<Refusal>([
    ...wrongInput(
      'limits beyond its type',
      { type: 'uint8', unit: 'parts', minimum: -1, maximum: 9 },
      'pickupLocationId: minimum and maximum must be from 0 to 255, the numbers of uint8',
      { pickupLocationId: 1 },
    ),
    ...wrongInput(
      'exact numbers of 32 bits',
      { type: 'int32', unit: 'parts', minimum: 0, maximum: 300, exact: true },
      'pickupLocationId: exact may be true of a single int64 or uint64 only',
    ),
    [
      'labels without a size',
      (m) => Object.assign((m.outputs as object[])[0] ?? {}, { labels: ['a'] }),
      'labels must be as many as the numbers of the vector, its size, which it lacks, got 1',
    ],
    [
      'too few labels',
      (m) => Object.assign((m.outputs as object[])[0] ?? {}, { size: 3, labels: ['a', 'b'] }),
      'labels must be as many as the numbers of the vector, its size, 3, got 2',
    ],
    [
      'an unknown member',
      (m) => Object.assign(m, { colour: 'red' }),
      'must NOT have additional properties ("colour")',
    ],
    ['a missing member', (m) => delete m.outputs, "must have required property 'outputs'"],
    [
      'another name than its folder',
      (m) => Object.assign(m, { name: 'trips' }),
      'name must be that of its folder, trip-duration, got trips',
    ],
    [
      'versions from 0',
      (m) => Object.assign(m, { versions: [0] }),
      '/versions must be "all", "latest" or a list of version numbers such as [1, 3], got [0]',
    ],
    [
      'an example out of range',
      (m) => Object.assign(m.example as object, { pickupLocationId: 0 }),
      'example: pickupLocationId must be',
    ],
    [
      'an example of something else',
      (m) => Object.assign(m.example as object, { hour: 1 }),
      'example names hour, which is no input',
    ],
    [
      'a default outside its own limits',
      (m) => Object.assign((m.inputs as object[])[0] ?? {}, { default: 999 }),
      'pickupLocationId: default must be a whole number from 1 to 265 (TLC taxi zone), got 999',
    ],
    ...wrongInput('an unknown type', { type: 'bfloat16' }, '/inputs/0/type must be equal to one of'),
    ...wrongInput('no type', { type: undefined }, "/inputs/0 must have required property 'type'"),
    ...wrongInput(
      'a member of another type',
      { maxLength: 5 },
      '/inputs/0 must NOT have additional properties ("maxLength")',
    ),
    ...wrongInput('a text without a length', { type: 'string' }, 'pickupLocationId: maxLength must be given'),
    ...wrongInput('an empty vector', { size: 0 }, '/inputs/0/size must be >= 1'),
    ...wrongInput(
      'a default of another length',
      { size: 3, default: [1, 2] },
      'pickupLocationId: default must be a list of 3 whole numbers, each from 1 to 265 (TLC taxi zone), got a list of 2',
    ),
    ...wrongInput('a tensor of another input', { tensor: 'DOLocationID' }, 'DOLocationID is named twice'),
    ...wrongInput(
      'an enum of one value',
      { ...ENUM, values: [{ name: 'A', value: 1 }] },
      '/inputs/0/values must NOT have fewer than 2 items',
    ),
    ...wrongInput(
      'a name that GraphQL does not allow',
      {
        ...ENUM,
        values: [
          { name: 'true', value: 1 },
          { name: 'B-', value: 2 },
        ],
      },
      /values\/0\/name must match pattern .*; .*values\/1\/name must match pattern/,
    ),
    ...wrongInput(
      'two values of one name',
      {
        ...ENUM,
        values: [
          { name: 'A', value: 1 },
          { name: 'A', value: 2 },
        ],
      },
      'pickupLocationId: values: A is named twice',
    ),
    ...wrongInput(
      'values of two kinds',
      {
        ...ENUM,
        values: [
          { name: 'A', value: 1 },
          { name: 'B', value: 'two' },
        ],
      },
      'pickupLocationId: values must stand for texts, or all for whole numbers',
    ),
    ...wrongInput(
      'a default that is a value',
      { ...ENUM, default: '1' },
      'default must be one of ONE, TWO, got "1"',
    ),
    ...wrongInput(
      'an unknown time zone',
      { type: 'dateTime', timeZone: 'Mars/Olympus' },
      'timeZone must be an IANA time zone such as America/New_York, got "Mars/Olympus"',
    ),
    ...wrongInput(
      'a default that is no time',
      { type: 'dateTime', timeZone: 'UTC', default: 'today' },
      'default must be a time such as 2021-02-03T14:30:00 (on the clock of UTC)',
    ),
    [
      'inputs that may be too large for a message',
      (m) => {
        const [first] = m.inputs as object[];
        m.inputs = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ ...first, name, tensor: name, size: 4096 }));
      },
      'the inputs of one task must take at most 409600 bytes (25 a number, 6 a character of a text), got 512000',
    ],
    [
      'a truth that cannot be',
      (m) => Object.assign((m.outputs as object[])[0] ?? {}, { minimum: 2, maximum: 1 }),
      'durationMinutes: minimum must not exceed maximum',
    ],
    [
      'an output that cannot be shown',
      (m) => Object.assign((m.outputs as object[])[0] ?? {}, { type: 'enum' }),
      '/outputs/0/type must be equal to one of the allowed values',
    ],
  ])('is refused for %s, naming the file', ([, change, message]) => {
    const manifest = structuredClone(COMMITTED);
    change(manifest);
    const checked = () => check(manifest, 'trip-duration', 'trip-duration/model.json');
    expect(checked).toThrow(message);
    expect(checked).toThrow('trip-duration/model.json: ');
  });
});

test('an enum type of two models is no clash if its values are the same', () => {
  const one = check(structuredClone(COMMITTED), 'trip-duration', 'model.json');
  const [first, ...rest] = one.inputs;
  const withEnum = (name: string, values: typeof ENUM.values) =>
    ({
      ...one,
      name,
      graphql: { mutation: name, inputType: `${name}Input`, predictionType: `${name}Prediction` },
      inputs: [{ ...first, ...ENUM, enumType: 'Colour', values }, ...rest],
    }) as unknown as typeof one;
  const a = withEnum('A', ENUM.values);
  expect(takenNameProblem(withEnum('B', ENUM.values), [a])).toBeUndefined();
  expect(takenNameProblem(withEnum('B', ENUM.values.slice(1)), [a])).toBe(
    'enumType: the GraphQL name Colour is used by A already',
  );
});

test('a GraphQL name that two models have, or one model has twice, is taken', () => {
  const manifest = check(structuredClone(COMMITTED), 'trip-duration', 'model.json');
  expect(takenNameProblem(manifest, [])).toBeUndefined();
  expect(takenNameProblem({ ...manifest, name: 'twin' }, [manifest])).toBe(
    'graphql.mutation: the GraphQL name predictTrip is used by trip-duration already',
  );
  const [first, ...rest] = manifest.inputs;
  const enumInput = { ...first, ...ENUM, enumType: 'TripPrediction' } as ManifestInput;
  expect(takenNameProblem({ ...manifest, inputs: [enumInput, ...rest] }, [])).toMatch(
    /enumType: the GraphQL name TripPrediction is used by trip-duration already$/,
  );
});
