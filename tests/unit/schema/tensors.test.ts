/** Tensors, exact whole numbers and labels in GraphQL: what clients give, and what they get. */
import { isInputObjectType, isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { buildSchema } from '../../../schema/index.ts';
import type { Values } from '../../../src/contract/values.ts';
import { exampleTabs } from '../../../src/edge/exampleTabs.ts';
import { Operations } from '../../../src/edge/operations.ts';
import { banner } from '../../../src/launcher/banner.ts';
import { checkInput } from '../../../src/models/input.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import { manifestCheck } from '../../../src/models/manifestCheck.ts';
import { EVERY_KIND } from '../../support/everyKindManifest.ts';
import { TENSORS } from '../../support/tensorManifest.ts';

const check = await manifestCheck();
const BOXES = {
  ...{ name: 'boxesOut', tensor: 'out_boxes', type: 'float32', shape: [2, 1, 3], description: 'Boxes.' },
  columns: ['left', 'top', 'right side'],
};
const described = { ...TENSORS, outputs: [...TENSORS.outputs, BOXES] };
const manifest = check(structuredClone(described), 'tensors', 'model.json');
const schema = buildSchema([modelOf(manifest)]);
const LIMITS = { maxDepth: 12, maxTokens: 2_000, maxAliases: 30, maxComplexity: 1_000 };

function modelOf(manifest: Manifest) {
  return { manifest, versions: [], unreadable: [] };
}

function typesOf(name: string): Readonly<Record<string, string>> {
  const type = schema.getType(name);
  if (!isObjectType(type) && !isInputObjectType(type)) throw new Error(`${name} has fields`);
  return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, String(field.type)]));
}

test('inputs and outputs have the types of tensors, of whole numbers beyond 32 bits, and of labels', () => {
  expect(typesOf('PredictTensorsInput')).toEqual({
    image: 'ShapedTensorInput',
    isRow: 'ShapedTensorInput',
    scores: 'TensorInput!',
    ids: 'TensorInput',
    words: 'TensorInput',
    half: 'TensorInput',
    readings: 'TensorInput',
    seed: 'BigInt',
    population: 'BigInt',
  });
  expect(typesOf('TensorsPrediction')).toEqual({
    imageOut: 'Tensor!',
    isRowOut: 'Tensor!',
    scoresOut: 'Tensor!',
    idsOut: 'Tensor!',
    wordsOut: 'Tensor!',
    halfOut: 'Tensor!',
    readingsOut: 'Tensor!',
    seedOut: 'BigInt!',
    populationOut: 'Float!',
    chances: 'LabelScores!',
    boxesOut: 'Tensor!',
  });
  expect(typesOf('TensorsColumns')).toMatchObject({
    imageOut: '[Tensor]!',
    seedOut: '[BigInt]!',
    chances: '[LabelScores]!',
  });
});

test('a schema without tensors has none of their types', () => {
  const plain = buildSchema([modelOf(check(structuredClone(EVERY_KIND), 'every-kind', 'model.json'))]);
  for (const name of ['TensorInput', 'ShapedTensorInput', 'Tensor', 'TensorType', 'LabelScores', 'BigInt'])
    expect([name, plain.getType(name)]).toEqual([name, undefined]);
});

test('the description of a tensor has its type, its shape and its limits', () => {
  const type = schema.getType('PredictTensorsInput');
  const fields = isInputObjectType(type) ? type.getFields() : {};
  expect(fields.image?.description).toBe(
    'The image. Uint8 of the shape [2, height, width]; default { shape: [2, 0, 1], data: { values: [] } }.',
  );
  expect(fields.scores?.description).toBe('The scores. Float32 of the shape [3]; each from -1000 to 1000.');
  expect(fields.words?.description).toContain('each of at most 5 characters; default { texts: ["", ""] }');
});

/** What a mutation gets as its input. Asked 25 times, so that the operation is compiled meanwhile. */
async function inputOf(field: string, variables: Readonly<Record<string, unknown>>, types: string) {
  const operations = new Operations(schema, LIMITS);
  const inputs: unknown[] = [];
  const contextValue = {
    submissions: {
      submit: ({ input }: { input: unknown }) => {
        inputs.push(input);
        throw new Error('seen');
      },
    },
  };
  const { document, errors } = operations.read(
    `mutation M${types} { predictTensors(input: ${field}) { id } }`,
  );
  if (errors.length > 0) return errors.map(({ message }) => message);
  const answers = [];
  for (let i = 0; i < 25; i++)
    answers.push(await operations.execute({ schema, document, contextValue, variableValues: variables }));
  if (inputs.length === 0)
    return answers.map(({ errors = [] }) => errors.map(({ message }) => message)).at(-1);
  expect(inputs).toHaveLength(25);
  expect(inputs.at(-1)).toEqual(inputs[0]);
  return inputs[0];
}

const VARIABLE = ['$input', '($input: PredictTensorsInput!)'] as const;

async function given(input: object): Promise<unknown> {
  return inputOf(VARIABLE[0], { input }, VARIABLE[1]);
}

test.each([
  [['a', 'b'], 'boxesOut: columns must be as many as the numbers along the last axis, 3, got 2'],
  [['a', 'a', 'b'], '/outputs/10/columns must NOT have duplicate items'],
])('the columns %j of three numbers are refused', (columns, message) => {
  const changed = { ...TENSORS, outputs: [...TENSORS.outputs, { ...BOXES, columns }] };
  expect(() => check(structuredClone(changed), 'tensors', 'model.json')).toThrow(message);
});

test('each form of a tensor reaches the check of inputs as it was given', async () => {
  const shaped = { shape: [2, 1, 1], data: { base64: 'AQI=' } };
  expect(
    await given({ scores: { values: [1, 2.5, 3] }, image: shaped, seed: '18446744073709551615' }),
  ).toEqual({
    scores: { values: [1, 2.5, 3] },
    image: shaped,
    seed: '18446744073709551615',
  });
  expect(await given({ scores: { integers: [1, '9007199254740993', '12'] } })).toEqual({
    scores: { integers: [1, '9007199254740993', 12] },
  });
  const written =
    '{ scores: { fill: 1 }, ids: { integers: [9007199254740993, 5] }, seed: 18446744073709551615 }';
  expect(await inputOf(written, {}, '')).toEqual({
    scores: { fill: 1 },
    ids: { integers: ['9007199254740993', 5] },
    seed: '18446744073709551615',
  });
});

const ONE_OF = 'exactly one field must be specified, and the value for that field must be non-null.';

test.each<[string, object, string]>([
  ['two forms', { scores: { values: [1, 2, 3], base64: '' } }, ONE_OF],
  ['no form', { scores: {} }, ONE_OF],
  ['a form that is null', { scores: { values: null } }, ONE_OF],
  ['a form and another that is null', { scores: { values: [1], base64: null } }, ONE_OF],
  ['null', { scores: null }, 'not to be null'],
  ['no tensor', {}, 'to include required field "scores"'],
  ['a list in place of the input object', { scores: [1, 2, 3] }, 'to be an object'],
  ['a null in a list', { scores: { values: [1, null, 3] } }, 'not to be null'],
  ['a text among numbers', { scores: { values: ['1'] } }, 'Float cannot represent non numeric value: "1"'],
  ['a fraction as a whole number', { scores: { integers: [1.5] } }, 'BigInt must be a whole number'],
  ['a rounded whole number', { seed: 2 ** 60, scores: { fill: 0 } }, 'BigInt must be a whole number'],
  ['a negative dimension as text', { image: { shape: ['-1'], data: { fill: 0 } } }, 'Int cannot represent'],
  ['a shape without data', { image: { shape: [2, 1, 1] } }, 'to include required field "data"'],
  ['a list that is too long', { scores: { values: new Array(262_145).fill(0) } }, 'as base64 or as a blob'],
])('%s is refused, by graphql and by the compiled operation alike', async (_what, input, message) => {
  const faults = await given(input);
  expect(String(faults)).toContain(message);
});

test('a variable that may be null stands for the one member of a tensor, and is refused if it is null', async () => {
  const [field, types] = ['{ scores: { values: $v } }', '($v: [Float!])'];
  expect(await inputOf(field, { v: [1, 2, 3] }, types)).toEqual({ scores: { values: [1, 2, 3] } });
  expect(String(await inputOf(field, { v: null }, types))).toContain('$v');
  expect(await inputOf(field, { v: [1] }, '($v: [Float!]!)')).toEqual({ scores: { values: [1] } });
});

/** What clients get of a task with these outputs, by an operation that is interpreted and later compiled. */
async function answered(prediction: Values, selection: string, more: object = {}): Promise<unknown> {
  const operations = new Operations(schema, LIMITS);
  const task = { id: 'task_1', owner: 'ada', model: 'tensors', prediction };
  const contextValue = { tasks: { find: async () => task }, ...more };
  const query = `{ task(id: "1") { prediction { ... on TensorsPrediction { ${selection} } } } }`;
  const { document, errors } = operations.read(query);
  expect(errors).toEqual([]);
  const answers: unknown[] = [];
  for (let i = 0; i < 25; i++) {
    // Each request has a context of its own.
    const { data, errors } = await operations.execute({
      schema,
      document,
      contextValue: { ...contextValue },
    });
    const found = data as { task: { prediction: unknown } | null } | null;
    answers.push(errors === undefined ? found?.task?.prediction : errors.map(({ message }) => message));
  }
  expect(answers.at(-1)).toEqual(answers[0]);
  return JSON.parse(JSON.stringify(answers[0]));
}

const ALL_FORMS = 'type shape values integers booleans texts base64 url';

test('a tensor comes in each form that its type has', async () => {
  const floats = { shape: [3], base64: base64Of(Float32Array.of(0.5, Number.NaN, Number.NEGATIVE_INFINITY)) };
  expect(await answered({ scoresOut: floats }, `scoresOut { ${ALL_FORMS} }`)).toEqual({
    scoresOut: {
      type: 'FLOAT32',
      shape: [3],
      values: [0.5, null, null],
      integers: null,
      booleans: null,
      texts: null,
      base64: floats.base64,
      url: '/tasks/task_1/outputs/scoresOut',
    },
  });
  const ids = { shape: [2], base64: base64Of(BigInt64Array.of(-5n, 9007199254740993n)) };
  expect(await answered({ idsOut: ids }, 'idsOut { type values integers }')).toEqual({
    idsOut: { type: 'INT64', values: [-5, 9007199254740992], integers: [-5, '9007199254740993'] },
  });
  const rows = { shape: [2], base64: 'AQA=' };
  expect(await answered({ isRowOut: rows }, 'isRowOut { type booleans values base64 }')).toEqual({
    isRowOut: { type: 'BOOLEAN', booleans: [true, false], values: null, base64: 'AQA=' },
  });
  const words = { shape: [2], texts: ['a', 'ß'] };
  expect(
    await answered({ wordsOut: words }, 'wordsOut { type texts texts1: texts(first: 1) base64 url }'),
  ).toEqual({
    wordsOut: { type: 'STRING', texts: ['a', 'ß'], texts1: ['a'], base64: null, url: null },
  });
  const half = { shape: [], base64: base64Of(Float16Array.of(1.5)) };
  expect(await answered({ halfOut: half }, 'halfOut { shape values }')).toEqual({
    halfOut: { shape: [], values: [1.5] },
  });
  const empty = { shape: [2, 0, 3], base64: '' };
  expect(await answered({ imageOut: empty }, 'imageOut { shape values base64 }')).toEqual({
    imageOut: { shape: [2, 0, 3], values: [], base64: '' },
  });
});

test('named columns come one by one, of all rows or of the first ones', async () => {
  const elements = Float32Array.of(1, 2, 3, Number.NaN, 5, 6);
  const boxesOut = { shape: [2, 1, 3], base64: base64Of(elements) };
  const columns = (args: string) => answered({ boxesOut }, `boxesOut { columns${args} { name values } }`);
  expect(await columns('')).toEqual({
    boxesOut: {
      columns: [
        { name: 'left', values: [1, null] },
        { name: 'top', values: [2, 5] },
        { name: 'right side', values: [3, 6] },
      ],
    },
  });
  expect(await columns('(names: ["right side"], first: 1)')).toEqual({
    boxesOut: { columns: [{ name: 'right side', values: [3] }] },
  });
  expect(await columns('(names: ["bottom"])')).toEqual([
    'names must be among left, top, right side, got "bottom"',
  ]);
  const scoresOut = { shape: [3], base64: base64Of(Float32Array.of(1, 2, 3)) };
  expect(await answered({ scoresOut }, 'scoresOut { columns { name } }')).toEqual({
    scoresOut: { columns: null },
  });
});

test('exact whole numbers come as numbers, and as texts beyond 2^53', async () => {
  expect(await answered({ seedOut: 5 }, 'seedOut')).toEqual({ seedOut: 5 });
  expect(await answered({ seedOut: '18446744073709551615' }, 'seedOut')).toEqual({
    seedOut: '18446744073709551615',
  });
});

test('the first elements can be asked for, of a blob without reading the rest', async () => {
  const bytes = Uint8Array.from({ length: 2 * 3 * 1_000_000 }, (_, i) => i % 251);
  const reads: [string, string, number, number][] = [];
  const open = async (owner: string, digest: string) => ({
    bytes: bytes.length,
    async *read(from: number, to: number) {
      reads.push([owner, digest, from, to]);
      for (let i = from; i < to; i += 2) yield bytes.subarray(i, Math.min(to, i + 2));
    },
  });
  const imageOut = { shape: [2, 3, 1_000_000], blob: 'ab'.repeat(32), bytes: bytes.length };
  expect(await answered({ imageOut }, 'imageOut { values(first: 5) }', { blobs: { open } })).toEqual({
    imageOut: { values: [0, 1, 2, 3, 4] },
  });
  expect(new Set(reads.map(String))).toEqual(new Set([`ada,${'ab'.repeat(32)},0,5`]));
  for (const field of ['values', 'base64'])
    expect(await answered({ imageOut }, `imageOut { ${field} }`)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${field} of imageOut must fit into the 4194304 bytes .* download /tasks/task_1/outputs/imageOut`,
        ),
      ),
    ]);
  expect(await answered({ imageOut }, 'imageOut { values(first: -1) }')).toEqual([
    'first must be from 1, the number of elements of imageOut, got -1',
  ]);
});

test('the lists of one answer have a limit together', async () => {
  const imageOut = { shape: [2, 1, 100_000], base64: Buffer.alloc(200_000, 1).toString('base64') };
  const once = (await answered({ imageOut }, 'imageOut { values }')) as { imageOut: { values: unknown[] } };
  expect(once.imageOut.values).toHaveLength(200_000);
  expect(String(await answered({ imageOut }, 'imageOut { values again: values }'))).toContain(
    'of which 994304 are left, got about 3200000',
  );
});

test('each event of a subscription has a limit of its own', async () => {
  const operations = new Operations(schema, LIMITS);
  const imageOut = { shape: [2, 1, 100_000], base64: Buffer.alloc(200_000, 1).toString('base64') };
  const events = async function* () {
    for (const id of ['task_1', 'task_2'])
      yield { id, owner: 'ada', model: 'tensors', prediction: { imageOut } };
  };
  const { document } = operations.read(
    'subscription { taskUpdates(id: "1") { prediction { ... on TensorsPrediction { imageOut { values } } } } }',
  );
  const answers = await operations.subscribe({
    schema,
    document,
    contextValue: { tasks: { updates: events } },
  });
  if (!(Symbol.asyncIterator in answers)) throw new Error('a subscription has events');
  const lengths: unknown[] = [];
  for await (const { data, errors } of answers) {
    const { taskUpdates } = data as unknown as {
      taskUpdates: { prediction: { imageOut: { values: number[] } } };
    };
    lengths.push(errors ?? taskUpdates.prediction.imageOut.values.length);
  }
  expect(lengths).toEqual([200_000, 200_000]);
});

test.each<[string, Values]>([
  ['no value', {}],
  ['a number', { scoresOut: 1 }],
  ['another rank', { scoresOut: { shape: [1, 3], base64: base64Of(new Float32Array(3)) } }],
  ['another size', { scoresOut: { shape: [4], base64: base64Of(new Float32Array(4)) } }],
  ['another number of bytes', { scoresOut: { shape: [3], base64: 'AAAA' } }],
  ['texts', { scoresOut: { shape: [3], texts: ['a', 'b', 'c'] } }],
  ['a blob of another size', { scoresOut: { shape: [3], blob: 'ab'.repeat(32), bytes: 13 } }],
])('a stored tensor with %s cannot be read', async (_what, prediction) => {
  expect(await answered(prediction, 'scoresOut { shape }')).toEqual([
    expect.stringContaining('The result has no scoresOut as the manifest describes it now'),
  ]);
});

test('the labels with the largest numbers come first', async () => {
  const chances = [0.2, 0.7, 0.7];
  expect(
    await answered({ chances }, 'chances { top { label score } best: top(k: 1) { label } labels scores }'),
  ).toEqual({
    chances: {
      top: [
        { label: 'dog', score: 0.7 },
        { label: 'owl', score: 0.7 },
        { label: 'cat', score: 0.2 },
      ],
      best: [{ label: 'dog' }],
      labels: ['cat', 'dog', 'owl'],
      scores: [0.2, 0.7, 0.7],
    },
  });
  expect(await answered({ chances }, 'chances { top(k: 0) { label } }')).toEqual([
    'k must be from 1, the number of labels, got 0',
  ]);
});

test('rows of a page have their own paths, and a failed row has no tensor', async () => {
  const operations = new Operations(schema, LIMITS);
  const page = {
    firstRow: 7,
    rowCount: 2,
    nextRow: undefined,
    columns: new Map<string, unknown[]>([
      ['scoresOut', [{ shape: [3], base64: base64Of(Float32Array.of(1, 2, 3)) }, null]],
      ['chances', [[1, 0, 0], null]],
    ]),
    errors: [],
  };
  const batch = { rowCount: 9, rowsDone: 9, rowsFailed: 0, rowsPerChunk: 9 };
  const task = { id: 'task_1', owner: 'ada', model: 'tensors', batch };
  const contextValue = { tasks: { find: async () => task, page: async () => page } };
  const { document, errors } = operations.read(
    '{ task(id: "1") { batch { rows { predictions { ... on TensorsColumns { scoresOut { values url } chances { top(k: 1) { label } } } } } } } }',
  );
  expect(errors).toEqual([]);
  const answer = await operations.execute({ schema, document, contextValue });
  expect(JSON.parse(JSON.stringify(answer))).toEqual({
    data: {
      task: {
        batch: {
          rows: {
            predictions: {
              scoresOut: [{ values: [1, 2, 3], url: '/tasks/task_1/rows/7/outputs/scoresOut' }, null],
              chances: [{ top: [{ label: 'cat' }] }, null],
            },
          },
        },
      },
    },
  });
});

test('`models` describes shapes, axes and labels', async () => {
  const operations = new Operations(schema, LIMITS);
  const { document } = operations.read(
    `{ models { inputs { ...F } outputs { ...F } } }
     fragment F on ModelField { name batchAxis exact allowNaN labels shape { size axis { name minimum maximum buckets } } }`,
  );
  const answer = await operations.execute({
    schema,
    document,
    contextValue: { models: [modelOf(manifest)] },
  });
  const [model] = (
    answer.data as unknown as { models: readonly Record<string, readonly { name: string }[]>[] }
  ).models;
  const field = (name: string) =>
    JSON.parse(
      JSON.stringify(
        [...(model?.inputs ?? []), ...(model?.outputs ?? [])].find((each) => each.name === name),
      ),
    );
  const plain = { batchAxis: 0, exact: false, allowNaN: false, labels: null, shape: null };
  expect(field('image')).toEqual({
    ...plain,
    name: 'image',
    shape: [
      { size: 2, axis: null },
      { size: null, axis: { name: 'height', minimum: 0, maximum: 4, buckets: null } },
      { size: null, axis: { name: 'width', minimum: 1, maximum: 1_000_000, buckets: null } },
    ],
  });
  expect(field('readings')).toEqual({
    ...plain,
    name: 'readings',
    allowNaN: true,
    shape: [{ size: 2, axis: null }],
  });
  expect(field('seed')).toEqual({ ...plain, name: 'seed', exact: true });
  expect(field('chances')).toEqual({ ...plain, name: 'chances', labels: ['cat', 'dog', 'owl'] });
});

test('the examples of GraphiQL and of the start are operations that the gateway takes', async () => {
  const models = [modelOf(manifest)];
  const steps = banner('http://127.0.0.1:4000', models, LIMITS);
  const written = ['mutation', 'subscription'].map(
    (kind) => new RegExp(`^ *(${kind} .*)$`, 'm').exec(steps)?.[1] ?? '',
  );
  const operations = new Operations(schema, LIMITS);
  for (const query of [...exampleTabs(models).map(({ query }) => query), ...written])
    expect([query, operations.read(query).errors]).toEqual([query, []]);
  const [mutation, result] = exampleTabs(models);
  expect(mutation?.query).toContain('scores: { values: [0.5, 1.5, -2] }');
  expect(result?.query).toContain('imageOut { shape values(first: 10) url }');
  expect(result?.query).toContain('chances { top { label score } }');
});

test("the input of a task shows a small tensor's elements, and the size of a large one", async () => {
  const operations = new Operations(schema, LIMITS);
  const task = {
    id: 'task_1',
    owner: 'ada',
    model: 'tensors',
    input: {
      ...checkInput(manifest, { scores: { values: [1, 2, 3] }, ids: { integers: ['9007199254740993', 1] } }),
      image: { shape: [2, 4, 900], bytes: 7_200 },
      isRow: { shape: [4], blob: 'ab'.repeat(32), bytes: 4 },
    },
  };
  const { document } = operations.read('{ task(id: "1") { input { name value } } }');
  const contextValue = { tasks: { find: async () => task } };
  const { data } = await operations.execute({ schema, document, contextValue });
  const { input } = (data as unknown as { task: { input: readonly { name: string; value: string }[] } }).task;
  expect(Object.fromEntries(input.map(({ name, value }) => [name, value]))).toEqual({
    image: '{ shape: [2, 4, 900], bytes: 7200 }',
    isRow: `{ shape: [4], data: { blob: "${'ab'.repeat(32)}" } }`,
    scores: '{ values: [1, 2, 3] }',
    ids: '{ integers: ["9007199254740993", 1] }',
    words: '{ texts: ["", ""] }',
    half: '{ values: [0] }',
    readings: '{ values: [0, 0] }',
    seed: '7',
    population: '1',
  });
});

function base64Of({ buffer }: { readonly buffer: ArrayBufferLike }): string {
  return Buffer.from(buffer).toString('base64');
}
