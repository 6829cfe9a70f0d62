/** Tensors from a client to the model and back: alone, in row batches, as blobs, and what is refused of them. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ErrorView, fieldOf, post } from '../support/client.ts';
import { blockOfTest } from '../support/documents.ts';
import { startTensors } from '../support/echoTensors.ts';
import { residentBytes } from '../support/memory.ts';
import { type Gateway, ROOT } from '../support/processes.ts';

const run = promisify(execFile);
const OUTPUTS = `imageOut { type shape values base64 url } isRowOut { booleans } scoresOut { values }
  idsOut { integers } wordsOut { texts } halfOut { shape values } readingsOut { values } seedOut populationOut
  chances { top(k: 2) { label score } }`;
const PREDICT = `mutation Predict($input: PredictTensorsInput!, $options: TaskOptions) {
  predictTensors(input: $input, options: $options) { id state error { code message } input { name value }
    prediction { ... on TensorsPrediction { ${OUTPUTS} } } } }`;
const PREDICT_MANY = `mutation PredictMany($inputs: [PredictTensorsInput!]!, $options: TaskOptions) {
  predictManyTensors(inputs: $inputs, options: $options) { id state batch { rowsFailed rows { errors { message }
    predictions { ... on TensorsColumns { imageOut { shape values url } scoresOut { base64 } seedOut chances { top(k: 1) { label } } } } } } } }`;
const WAIT = { waitMs: 30_000 };
const INPUT = {
  image: { shape: [2, 1, 2], data: { values: [0, 1, 128, 255] } },
  isRow: { shape: [1], data: { booleans: [true] } },
  scores: { base64: base64Of(Float32Array.of(0.5, -1, 2)) },
  ids: { integers: ['9223372036854775807', -1] },
  words: { texts: ['naïf', '🚕'] },
  half: { fill: 1.5 },
  readings: { values: [0.1, 1e300] },
  seed: '18446744073709551615',
  population: 8_000_000_000,
};

interface TensorsTask {
  readonly id: string;
  readonly state: string;
  readonly error: unknown;
  readonly input: readonly { readonly name: string; readonly value: string }[];
  readonly prediction: Readonly<Record<string, unknown>>;
}

let served: Awaited<ReturnType<typeof startTensors>>;
let gateway: Gateway;

beforeAll(async () => {
  served = await startTensors({ MAX_BODY_BYTES: String(4 * 1024 * 1024) });
  ({ gateway } = served);
});

afterAll(() => served?.[Symbol.asyncDispose]());

async function predict(input: object, options: object = {}): Promise<TensorsTask> {
  return fieldOf(await post(gateway.url, PREDICT, { input, options: { ...WAIT, ...options } }));
}

async function refusal(query: string, variables: Record<string, unknown>): Promise<ErrorView> {
  const { errors } = await post(gateway.url, query, variables);
  const [error] = errors ?? [];
  if (error === undefined) throw new Error('it was accepted');
  return error;
}

test('tensors of each type come back from the model as they went', async () => {
  const { id, state, error, prediction, input } = await predict(INPUT);
  expect({ state, error }).toEqual({ state: 'SUCCEEDED', error: null });
  expect(prediction).toEqual({
    imageOut: {
      type: 'UINT8',
      shape: [2, 1, 2],
      values: [0, 1, 128, 255],
      base64: 'AAGA/w==',
      url: `/tasks/${id}/outputs/imageOut`,
    },
    isRowOut: { booleans: [true] },
    scoresOut: { values: [0.5, -1, 2] },
    idsOut: { integers: ['9223372036854775807', -1] },
    wordsOut: { texts: ['naïf', '🚕'] },
    halfOut: { shape: [], values: [1.5] },
    readingsOut: { values: [0.1, 1e300] },
    seedOut: '18446744073709551615',
    populationOut: 8_000_000_000,
    chances: {
      top: [
        { label: 'owl', score: 2 },
        { label: 'cat', score: 0.5 },
      ],
    },
  });
  expect(input).toContainEqual({ name: 'scores', value: '{ values: [0.5, -1, 2] }' });
  const bytes = await fetch(new URL(`/tasks/${id}/outputs/imageOut`, gateway.url));
  expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(Uint8Array.of(0, 1, 128, 255));
});

test('defaults stand for tensors that are left out, and tensors may be empty', async () => {
  const { prediction } = await predict({ scores: { fill: 3 } });
  expect(prediction).toMatchObject({
    imageOut: { shape: [2, 0, 1], values: [], base64: '' },
    isRowOut: { booleans: [] },
    scoresOut: { values: [3, 3, 3] },
    wordsOut: { texts: ['', ''] },
    seedOut: 7,
  });
});

test('NaN goes where it is let through, and no answer has it as a number', async () => {
  const readings = { base64: base64Of(Float64Array.of(Number.NaN, 1)) };
  const { state, prediction } = await predict({ ...INPUT, readings });
  expect({ state, readings: prediction.readingsOut }).toEqual({
    state: 'SUCCEEDED',
    readings: { values: [null, 1] },
  });
});

test('the same input in another form is the same request, and another is not', async () => {
  const options = { requestId: 'the-same-tensors' };
  const first = await predict(INPUT, options);
  const again = await predict(
    {
      ...INPUT,
      scores: { values: [0.5, -1, 2] },
      image: { shape: [2, 1, 2], data: { base64: 'AAGA/w==' } },
      half: { values: [1.5] },
      population: '8000000000',
    },
    options,
  );
  expect(again.id).toBe(first.id);
  const other = { ...INPUT, scores: { values: [0.5, -1, 3] } };
  expect((await refusal(PREDICT, { input: other, options })).extensions.code).toBe('REQUEST_ID_CONFLICT');
});

test('rows of a row batch have their own tensors, and rows of one shape come back in their places', async () => {
  const inputs = Array.from({ length: 20 }, (_, i) => {
    const width = 1 + (i % 3);
    return {
      ...INPUT,
      image: { shape: [2, 1, width], data: { fill: i } },
      scores: { values: [i, i % 2, 10] },
      seed: String(2n ** 63n + BigInt(i)),
    };
  });
  const { id, state, batch } = fieldOf<{
    id: string;
    state: string;
    batch: { rowsFailed: number; rows: { predictions: Record<string, unknown[]> } };
  }>(await post(gateway.url, PREDICT_MANY, { inputs, options: WAIT }));
  expect({ state, failed: batch.rowsFailed }).toEqual({ state: 'SUCCEEDED', failed: 0 });
  const { imageOut, scoresOut, seedOut, chances } = batch.rows.predictions;
  expect(imageOut).toEqual(
    inputs.map(({ image: { shape } }, i) => ({
      shape,
      values: new Array(2 * (shape[2] ?? 0)).fill(i),
      url: `/tasks/${id}/rows/${i}/outputs/imageOut`,
    })),
  );
  expect(scoresOut).toEqual(inputs.map((_, i) => ({ base64: base64Of(Float32Array.of(i, i % 2, 10)) })));
  expect(seedOut).toEqual(inputs.map(({ seed }) => seed));
  expect(chances).toEqual(
    inputs.map((_, i) => ({ top: [{ label: i > 10 ? 'cat' : i === 10 ? 'cat' : 'owl' }] })),
  );
});

test('a wrong row is named with its index, and none is accepted', async () => {
  const inputs = [
    INPUT,
    { ...INPUT, isRow: { shape: [2], data: { fill: 1 } } },
    { ...INPUT, scores: { values: [1] } },
  ];
  const { message, extensions } = await refusal(PREDICT_MANY, { inputs });
  expect(message).toContain('inputs[1].isRow must be of the size 1, that of image, at height, got 2');
  expect(message).toContain('inputs[2].scores must be a list of 3 elements');
  expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', row: 1, field: 'isRow', problemCount: 2 });
});

test('a file with lists is scored, and its predictions are lists', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-score-'));
  const file = join(folder.path, 'rows.csv');
  const out = join(folder.path, 'scored.csv');
  await writeFile(file, 'scores,seed\n"[1, 2, 3]",18446744073709551615\n"[1, 2]",5\n');
  await run(process.execPath, ['src/cli/score.ts', '--model', 'tensors', '--url', gateway.url, file, out], {
    cwd: ROOT,
  });
  const [, first = '', second = ''] = (await readFile(out, 'utf8')).split('\n');
  expect(first).toContain('"[1.0, 2.0, 3.0]"');
  expect(first).toContain('18446744073709551615,1,"[1.0, 2.0, 3.0]",');
  expect(second).toContain('scores must be a list of 3 elements (shape [3]), got a list of 2');
});

test('the program of the documents sends a picture and reads the answer', async () => {
  const program = blockOfTest('docs/in-your-app.md', 'tensors')
    .replace('http://127.0.0.1:4000/graphql', gateway.url)
    .replaceAll('predictDepth', 'predictTensors')
    .replaceAll('PredictDepthInput', 'PredictTensorsInput')
    .replaceAll('DepthPrediction', 'TensorsPrediction')
    .replace('depth {', 'depth: imageOut {')
    .replace('{ image }', '{ image, scores: { fill: 1 }, isRow: { shape: [3], data: { fill: 1 } } }');
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  expect(stdout).toBe('[ 2, 3, 4 ] [ 0, 1, 2 ] 24\n');
});

const NOTHING = { shape: [2, 0, 1], data: { values: [] } };
/** A wrong tensor of each kind, and what its error says. */
const WRONG: readonly (readonly [object, string])[] = [
  [{ scores: { values: [1, 2] } }, 'got a list of 2'],
  [{ scores: { base64: 'AAAA' } }, 'got 3 bytes'],
  [{ scores: { base64: '!' } }, 'base64 (RFC 4648, with padding)'],
  [{ scores: { base64: base64Of(Float32Array.of(1, 2, Number.NaN)) } }, 'got NaN at index 2'],
  [{ scores: { values: [1, 2, 3], fill: 1 } }, 'exactly one field must be specified'],
  [{ scores: { values: [1, 2, 3], base64: null } }, 'exactly one field must be specified'],
  [{ scores: {} }, 'exactly one field must be specified'],
  [{ scores: null }, 'not to be null'],
  [{ scores: { blob: 'x' } }, 'the id of a blob'],
  [{ ids: { integers: [1.5, 0] } }, 'BigInt must be a whole number'],
  [{ ids: { integers: ['9223372036854775808', 0] } }, 'elements of int64'],
  [{ words: { texts: ['a\0', 'b'] } }, 'without NUL'],
  [{ image: { ...NOTHING, shape: [2, -1, 1] } }, 'got the shape [2, -1, 1]'],
  [{ image: { ...NOTHING, shape: [2, 2_147_483_647, 2_147_483_647] } }, 'fewer than 2^53 elements'],
  [{ image: { shape: [2, 4, 1_000_000], data: { fill: 1 } } }, 'given as base64 or as a blob'],
  [{ image: { shape: [2, 1, 1], data: { values: [300, 1] } } }, 'elements of uint8, got 300'],
  [{ image: { shape: [2, 5, 1], data: { fill: 1 } } }, 'of a size from 0 to 4 at height, got 5'],
  [{ isRow: { shape: [3], data: { fill: 1 } } }, 'of the size 0, that of image, at height, got 3'],
  [{ seed: -1 }, 'seed must be a whole number'],
];

describe('wrong tensors', () => {
  test.each(WRONG)('%j is refused with a typed error', async (input, message) => {
    const error = await refusal(PREDICT, { input: { scores: { fill: 0 }, ...input } });
    expect(error.message).toContain(message);
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('a list of 600,000 numbers is refused before it is read', async () => {
    const error = await refusal(PREDICT, { input: { scores: { values: new Array(600_000).fill(1) } } });
    expect(error.message).toContain('262144 items at most, found: a list of 600000');
    expect(error.message).toContain('as base64 or as a blob');
  });

  test.runIf(process.platform === 'linux')('1,000 of them leave no memory behind', async () => {
    const large = { scores: { base64: 'A'.repeat(400_000) } };
    const wrong = [...WRONG.map(([input]) => ({ scores: { fill: 0 }, ...input })), large];
    const send = async (count: number) => {
      for (let sent = 0; sent < count; sent += 10)
        await Promise.all(
          Array.from({ length: 10 }, async (_, i) =>
            refusal(PREDICT, { input: wrong[(sent + i) % wrong.length] }),
          ),
        );
    };
    await send(200);
    const before = await residentBytes(gateway.pid);
    await send(1_000);
    expect((await residentBytes(gateway.pid)) - before).toBeLessThan(96 * 1024 * 1024);
    expect((await predict(INPUT)).state).toBe('SUCCEEDED');
  });
});

function base64Of({ buffer }: { readonly buffer: ArrayBufferLike }): string {
  return Buffer.from(buffer).toString('base64');
}
