/** Every kind of input and output that a manifest can declare, from the mutation to the result. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Values } from '../../src/contract/values.ts';
import { type Answer, collect, type ErrorView, post, sse } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { EVERY_KIND, echoOf, startEveryKind } from '../support/everyKind.ts';
import type { Gateway } from '../support/processes.ts';

const OUTPUTS = EVERY_KIND.outputs.map(({ name }) => name).join(' ');
const FIELDS = `id state submittedAt error { message } prediction { ... on KindsPrediction { ${OUTPUTS} } }`;
const SUBMIT = `mutation Submit($input: PredictKindsInput!, $options: TaskOptions) {
  predictKinds(input: $input, options: $options) { ${FIELDS} } }`;
const RESULT = `subscription Result($id: ID!) { taskResult(id: $id) { ${FIELDS} } }`;

const INPUT: Values = {
  count: -42,
  steps: 12,
  share: 0.1,
  weights: [1.5, -2, 0],
  places: [1, -1],
  title: '"ça", \\ 🚕\n.',
  note: "It's",
  colour: 'BLUE',
  rank: 'HIGH',
  isNew: true,
  pickupAt: '2021-02-03T14:30:00',
};

interface KindsTask {
  readonly id: string;
  readonly state: string;
  readonly submittedAt: string;
  readonly prediction: Values | null;
}

let served: Awaited<ReturnType<typeof startEveryKind>>;
let gateway: Gateway;

beforeAll(async () => {
  served = await startEveryKind();
  ({ gateway } = served);
});

afterAll(() => served?.[Symbol.asyncDispose]());

async function submit(input: object, options?: object): Promise<KindsTask> {
  return kindsTask(await post(gateway.url, SUBMIT, { input, options }), 'predictKinds');
}

async function predict(input: object, options?: object): Promise<KindsTask> {
  const { id } = await submit(input, options);
  const [answer = {}] = await collect(sse(gateway.url, RESULT, { id }));
  return kindsTask(answer, 'taskResult');
}

async function refusal(input: object): Promise<ErrorView> {
  const { errors } = await post(gateway.url, SUBMIT, { input });
  const [error] = errors ?? [];
  if (error === undefined) throw new Error('the input was accepted');
  return error;
}

function kindsTask({ data, errors }: Answer, field: string): KindsTask {
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data?.[field] as unknown as KindsTask;
}

/** The reading of a New York clock at an instant, in seconds since 1970, calculated independently of Tidings. */
function secondsInNewYork(instant: string): number {
  const reading = new Date(instant).toLocaleString('sv-SE', { timeZone: 'America/New_York' });
  return Date.parse(`${reading.replace(' ', 'T')}Z`) / 1_000;
}

describe.each(['1', '2'])('version %s', (modelVersion) => {
  test('gets each value of its own row, also in a batch with other rows', async () => {
    const inputs = Array.from({ length: 40 }, (_, i) => ({
      ...INPUT,
      count: i,
      weights: [i, i / 2, 1 - i],
      title: `row ${i}`,
      colour: i % 2 === 0 ? 'BLUE' : 'DARK_RED',
      isNew: i % 3 === 0,
    }));
    const tasks = await Promise.all([INPUT, ...inputs].map((input) => predict(input, { modelVersion })));
    expect(tasks.map(({ prediction }) => prediction)).toEqual([INPUT, ...inputs].map(echoOf));
  });

  test('gets the defaults for missing inputs, and the time of submission as the time of pickup', async () => {
    const { count, share, weights, title, colour } = INPUT;
    const { prediction, submittedAt } = await predict(
      { count, share, weights, title, colour, note: null },
      { modelVersion },
    );
    const defaults = { steps: 7, places: [8, 9], note: '', rank: 'LOW', isNew: false };
    const expected = echoOf({ ...INPUT, ...defaults, pickupAt: '' });
    expect(prediction).toEqual({ ...expected, pickupSecond: secondsInNewYork(submittedAt) });
  });
});

test('a version that was trained without an optional input does not get it', async () => {
  const { prediction } = await predict(INPUT, { modelVersion: '3' });
  expect(prediction).toEqual({ ...echoOf(INPUT), pickupSecond: 0 });
});

test('a time with an offset is converted to the time zone of the model', async () => {
  for (const [pickupAt, reading] of [
    ['2021-02-03T19:30:00Z', '2021-02-03T14:30:00'],
    ['2021-02-03T14:30:00.999-05:00', '2021-02-03T14:30:00'],
    ['2021-07-04T12:00:00+02:00', '2021-07-04T06:00:00'],
    // The clocks went forward at 2:00, so this time never existed. It is accepted as a clock reading.
    ['2021-03-14T02:30:00', '2021-03-14T02:30:00'],
  ]) {
    const { prediction } = await predict({ ...INPUT, pickupAt }, { modelVersion: '1' });
    expect(prediction?.pickupSecond).toBe(Date.parse(`${reading}Z`) / 1_000);
  }
});

describe('a wrong input', () => {
  test('is named in the error, each field with the expected and the actual value', async () => {
    const { message, extensions } = await refusal({
      ...INPUT,
      weights: [1, 2],
      places: [1, 2000],
      title: 'thirteen char',
      pickupAt: 'yesterday',
    });
    expect(message).toBe(
      'weights must be a list of 3 numbers, each from -1000 to 1000 (parts), got a list of 2; ' +
        'places must be a list of 2 whole numbers, each from -1000 to 1000 (parts), got 2000 at index 1; ' +
        'title must be a text of at most 12 characters, none of them NUL, got 13 characters; ' +
        'pickupAt must be a time such as 2021-02-03T14:30:00 (on the clock of America/New_York) or 2021-02-03T14:30:00-05:00, or now, got "yesterday"',
    );
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'weights' });
    expect(extensions.problems).toHaveLength(4);
  });

  test.each([
    [
      'a name that the enum does not have',
      { colour: 'GREEN' },
      /"GREEN" does not exist in "PaintColour" enum/,
    ],
    ['a text for a boolean', { isNew: 'yes' }, /Boolean cannot represent a non boolean value: "yes"/],
    ['a number for a time', { pickupAt: 5 }, /LocalDateTime must be a text such as .*, got 5/],
    ['a fraction in a list of whole numbers', { places: [1, 1.5] }, /Int cannot represent non-integer value/],
  ])('is refused by its type: %s', async (_what, change, message) => {
    const error = await refusal({ ...INPUT, ...change });
    expect(error.message).toMatch(message);
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
  });
});

test('the same input a second later is the same request, although "now" has changed', async () => {
  const { pickupAt: _, ...input } = INPUT;
  const options = { requestId: 'now and then' };
  const first = await submit(input, options);
  const second = () => Math.floor(Date.now() / 1_000);
  const submittedIn = second();
  await eventually(second, (now) => now > submittedIn);
  expect((await submit(input, options)).id).toBe(first.id);
  await expect(submit(INPUT, options)).rejects.toThrow('REQUEST_ID_CONFLICT');
});

test('the models query describes the inputs', async () => {
  const query = '{ models { inputs { name type unit size maxLength values timeZone minimum default } } }';
  const { data } = (await post(gateway.url, query)) as unknown as {
    data: { models: [{ inputs: { name: string }[] }] };
  };
  const [{ inputs }] = data.models;
  const nothing = { unit: null, size: null, maxLength: null, values: null, timeZone: null, minimum: null };
  const of = (name: string) => inputs.find((input) => input.name === name);
  expect(of('places')).toMatchObject({
    type: 'int64',
    unit: 'parts',
    size: 2,
    minimum: -1000,
    default: '[8, 9]',
  });
  expect(of('note')).toEqual({ ...nothing, name: 'note', type: 'string', maxLength: 5, default: '""' });
  expect(of('rank')).toEqual({
    ...nothing,
    name: 'rank',
    type: 'enum',
    values: ['LOW', 'HIGH'],
    default: 'LOW',
  });
  expect(of('pickupAt')).toMatchObject({ type: 'dateTime', timeZone: 'America/New_York', default: '"now"' });
  expect(of('title')).toMatchObject({ default: null });
});
