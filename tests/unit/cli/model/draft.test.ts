/** What the first manifest of a model says, from what trial runs showed. */
import { expect, test } from 'vitest';
import { draftManifest } from '../../../../src/cli/model/draft.ts';
import { found, foundInput, foundOutput } from '../../../support/found.ts';

const OPTIONS = { model: 'some-model', source: 'some.onnx', labels: new Map() };

test('a draft has numbers for columns, lists for vectors, and tensors for everything else', () => {
  const manifest = draftManifest(
    found({
      inputs: [
        foundInput('age', 'int8', []),
        foundInput('one', 'float32', [1]),
        foundInput('vector', 'float16', [3]),
        foundInput('flags', 'bool', [2]),
        foundInput('image', 'float32', [3, 'height', 'width']),
        foundInput('state', 'float32', [2, 4], 1),
        foundInput('wide', 'float32', [5000]),
      ],
      outputs: [foundOutput('y', 'uint64', []), foundOutput('scores', 'float32', [2])],
      axes: new Map([
        ['height', { minimum: 1, maximum: 64 }],
        ['width', { minimum: 1, maximum: 64 }],
      ]),
    }),
    { ...OPTIONS, labels: new Map([['scores', ['no', 'yes']]]) },
  );
  expect(manifest.inputs).toMatchObject([
    { name: 'age', type: 'int8', minimum: -128, maximum: 127 },
    { name: 'one', type: 'float32', minimum: -1e9 },
    { name: 'vector', size: 3, maximum: 65_504 },
    { name: 'flags', type: 'boolean', shape: [2] },
    { name: 'image', shape: [3, 'height', 'width'] },
    { name: 'state', shape: [2, 4], batchAxis: 1 },
    { name: 'wide', shape: [5000] },
  ]);
  expect(manifest.outputs).toMatchObject([{ exact: true }, { size: 2, labels: ['no', 'yes'] }]);
});

test('a draft leaves the mask to Tidings where rows are padded', () => {
  const manifest = draftManifest(
    found({
      inputs: [
        { ...foundInput('ids', 'int64', ['length']), hint: { vocabulary: 100 } },
        foundInput('attention_mask', 'int64', ['length']),
      ],
      axes: new Map([['length', { minimum: 1, maximum: 32 }]]),
      padding: { axis: 'length', mask: 'attention_mask', buckets: [16, 32] },
    }),
    OPTIONS,
  );
  expect(manifest.inputs).toMatchObject([{ name: 'ids', pad: 0, minimum: 0, maximum: 99 }]);
  expect(manifest.masks).toEqual([{ tensor: 'attention_mask', type: 'int64', shape: ['length'] }]);
  expect(manifest.axes.length).toEqual({ minimum: 1, maximum: 32, buckets: [16, 32] });
});

test('an output with numbers that are not finite is a tensor, which may have them', () => {
  const output = { ...foundOutput('y', 'float32', []), isOpen: true };
  expect(draftManifest(found({ outputs: [output] }), OPTIONS).outputs).toMatchObject([{ shape: [] }]);
});
