/** Where a manifest and the inputs and outputs of a graph disagree. */
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../../../src/models/manifest.ts';
import { signatureProblems } from '../../../../../workers/runtimes/onnx/signature.ts';

const rest = { axes: {}, masks: [], batching: { maxBatchSize: 8, maxBulkBatchSize: 8, maxWaitMs: 0 } };
const field = { unit: 'parts', description: '' } as const;

const manifest = {
  inputs: [
    { ...field, name: 'count', tensor: 'n', type: 'int64', minimum: 0, maximum: 9 },
    { ...field, name: 'share', tensor: 's', type: 'float32', minimum: 0, maximum: 1 },
  ],
  outputs: [
    { ...field, name: 'price', tensor: 'p', type: 'float32' },
    { ...field, name: 'rank', tensor: 'r', type: 'int64' },
  ],
  ...rest,
} as unknown as Manifest;

describe('signatureProblems', () => {
  const n = { name: 'n', isTensor: true, type: 'int64', shape: ['N'] };
  const s = { name: 's', isTensor: true, type: 'float32', shape: [-1] };
  const p = { name: 'p', isTensor: true, type: 'float32', shape: ['N', 1] };
  const r = { name: 'r', isTensor: true, type: 'int64', shape: ['N'] };

  test('finds none where manifest and graph agree, even if the graph gives more', () => {
    const more = { name: 'more', isTensor: false };
    expect(signatureProblems(manifest, { inputMetadata: [s, n], outputMetadata: [r, more, p] })).toEqual([]);
    const column = { ...n, shape: ['N', 1] };
    expect(signatureProblems(manifest, { inputMetadata: [s, column], outputMetadata: [r, p] })).toEqual([]);
  });

  test('allows a graph to leave out an input only if it has a default', () => {
    const optional = { ...manifest, inputs: manifest.inputs.map((input) => ({ ...input, default: 0 })) };
    const outputMetadata = [p, r];
    expect(signatureProblems(optional as Manifest, { inputMetadata: [s], outputMetadata })).toEqual([]);
    expect(signatureProblems(manifest, { inputMetadata: [s], outputMetadata })).toEqual([
      "the manifest's input count is n int64[N], the graph has only s float32[-1]",
    ]);
    const wrong = { ...n, type: 'float32' };
    expect(signatureProblems(optional as Manifest, { inputMetadata: [s, wrong], outputMetadata })).toEqual([
      "the manifest's input count is n int64[N], the graph has n float32[N]",
    ]);
  });

  test.each([
    [['N', 3], []],
    [['N', 'width'], []],
    [['N', 4], ["the manifest's input size is v float32[N, 3], the graph has v float32[N, 4]"]],
    [['N'], ["the manifest's input size is v float32[N, 3], the graph has v float32[N]"]],
    [
      [8, 3],
      [
        "the manifest's input size is v float32[N, 3], the graph has v float32[8, 3]: its runs have 8 rows, so batching.fixedBatchSize must be 8",
      ],
    ],
  ])('compares a vector of 3 numbers with the shape %j', (shape, problems) => {
    const vector = {
      inputs: [{ ...field, name: 'size', tensor: 'v', type: 'float32', size: 3, minimum: 0, maximum: 1 }],
      outputs: [],
      ...rest,
    } as const;
    const v = { name: 'v', isTensor: true, type: 'float32', shape };
    expect(signatureProblems(vector, { inputMetadata: [v], outputMetadata: [] })).toEqual(problems);
  });

  test('names both sides of each disagreement', () => {
    const fixed = { ...n, shape: [1] };
    const matrix = { ...p, shape: ['N', 2] };
    const extra = { name: 'extra', isTensor: true, type: 'string', shape: ['N'] };
    expect(
      signatureProblems(manifest, { inputMetadata: [fixed, s, extra], outputMetadata: [matrix] }),
    ).toEqual([
      "the manifest's input count is n int64[N], the graph has n int64[1]: its runs have one row, so batching.maxBatchSize and maxBulkBatchSize must be 1",
      'the graph needs an input extra string[N], the manifest names none',
      "the manifest's output rank is r int64[N], the graph has only p float32[N, 2]",
    ]);
  });
});

describe('a tensor', () => {
  const axes = { height: { minimum: 1, maximum: 9 }, length: { minimum: 1, maximum: 8, buckets: [8] } };
  const tensor = { name: 'x', tensor: 'x', type: 'float32', description: '' } as const;
  const problems = (
    input: object,
    shape: readonly (number | string)[],
    batching: Partial<Manifest['batching']> = {},
  ) =>
    signatureProblems(
      {
        ...{ inputs: [{ ...tensor, ...input }], outputs: [], masks: [], axes },
        batching: { ...rest.batching, ...batching },
      } as unknown as Manifest,
      { inputMetadata: [{ name: 'x', isTensor: true, type: 'float32', shape }], outputMetadata: [] },
    );
  const ONE = { maxBatchSize: 1, maxBulkBatchSize: 1 };

  test.each([
    [{ shape: [3, 'height'] }, ['N', 3, -1], {}],
    [{ shape: [3, 'height'] }, [], {}],
    [{ shape: [3], batchAxis: 1 }, [3, 'batch'], {}],
    [{ shape: [3, 4], batchAxis: null }, [3, 4], ONE],
    [{ shape: [3] }, [1, 3], ONE],
    [{ shape: [3] }, [5, 3], { fixedBatchSize: 5 }],
    [{ shape: ['length'] }, ['N', 8], {}],
    [{ shape: [] }, ['N'], {}],
  ])("%j fits the graph's %j with %j", (input, shape, batching) => {
    expect(problems(input, shape, batching)).toEqual([]);
  });

  test.each([
    [{ shape: [3, 'height'] }, ['N', 4, -1], 'x float32[N, 3, height], the graph has x float32[N, 4, -1]'],
    [{ shape: [3] }, ['N', 3, 3], 'x float32[N, 3], the graph has x float32[N, 3, 3]'],
    [{ shape: [] }, ['N', 1], 'x float32[N], the graph has x float32[N, 1]'],
    [{ shape: [3] }, [5, 3], ': its runs have 5 rows, so batching.fixedBatchSize must be 5'],
    [
      { shape: [3] },
      [1, 3],
      ': its runs have one row, so batching.maxBatchSize and maxBulkBatchSize must be 1',
    ],
    [
      { shape: ['height'] },
      ['N', 5],
      ': the only size of height is 5, so its minimum and maximum, or its only bucket, must be 5',
    ],
  ])("%j does not fit the graph's %j", (input, shape, problem) => {
    expect(problems(input, shape)).toEqual([expect.stringContaining(problem)]);
  });

  test('that is a mask must be an input of the graph, of its type', () => {
    const mask = { tensor: 'm', type: 'int64', shape: ['length'] } as const;
    const x = { name: 'x', isTensor: true, type: 'float32', shape: ['N', 'length'] };
    const m = { name: 'm', isTensor: true, type: 'int64', shape: ['N', 'length'] };
    const masked = { inputs: [{ ...tensor, shape: ['length'] }], outputs: [], masks: [mask], axes } as const;
    const compare = (...inputMetadata: readonly (typeof x)[]) =>
      signatureProblems({ ...masked, batching: rest.batching }, { inputMetadata, outputMetadata: [] });
    expect(compare(x, m)).toEqual([]);
    expect(compare(x)).toEqual([
      "the manifest's mask is m int64[N, length], the graph has only x float32[N, length]",
    ]);
    expect(compare(x, { ...m, type: 'float32' })).toEqual([
      "the manifest's mask is m int64[N, length], the graph has m float32[N, length]",
    ]);
  });
});
