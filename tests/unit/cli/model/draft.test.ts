/** What the first manifest of a model says, from what its ONNX file says. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { draftManifest } from '../../../../src/cli/model/draft.ts';
import { loadAdvice } from '../../../../src/cli/model/loadAdvice.ts';
import { formatManifest } from '../../../../src/cli/model/modelCard.ts';
import { fieldNames, mutationFor, typesFor } from '../../../../src/cli/model/names.ts';
import { placeholders } from '../../../../src/cli/model/placeholders.ts';
import type { GraphValue } from '../../../../workers/runtimes/onnx/signature.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const OPTIONS = { model: 'some-model', source: 'some.onnx', leaveOut: [], widths: new Map() };

describe('names', () => {
  test.each([
    ['PULocationID', 'puLocationId'],
    ['trip_distance', 'tripDistance'],
    ['float_input', 'floatInput'],
    ['Customer Age', 'customerAge'],
    ['input:0', 'input0'],
    ['2nd-floor', 'value2NdFloor'],
    ['prix_été', 'prixEte'],
    ['Größe', 'grosse'],
    ['площадь', 'value1'],
    ['m² площадь', 'value1'],
    ['__typename', 'typename'],
    ['', 'value1'],
    ['x'.repeat(100), 'x'.repeat(63)],
  ])('of the tensor %s are %s in GraphQL', (tensor, name) => {
    expect(fieldNames([tensor]).get(tensor)).toBe(name);
  });

  test('that would be the same are told apart by a number, within the longest name', () => {
    const long = 'y'.repeat(70);
    const tensors = ['a_b', 'a b', 'aB', 'aB2', long, `${long}z`];
    expect([...fieldNames(tensors).values()]).toEqual([
      'aB',
      'aB2',
      'aB3',
      'aB22',
      'y'.repeat(63),
      `${'y'.repeat(62)}2`,
    ]);
  });

  test('of mutation and types follow from the model', () => {
    expect(mutationFor('trip-duration')).toBe('predictTripDuration');
    expect(typesFor('predictTrip')).toEqual({
      inputType: 'PredictTripInput',
      predictionType: 'TripPrediction',
    });
    expect(typesFor('score')).toEqual({ inputType: 'ScoreInput', predictionType: 'ScorePrediction' });
    expect(typesFor('predictive').predictionType).toBe('PredictivePrediction');
    expect(typesFor(mutationFor('m'.repeat(63))).predictionType).toHaveLength(63);
  });
});

describe('a draft', () => {
  test('tells each problem of each input and output, and what can be served', () => {
    const graph = {
      inputMetadata: [
        tensor('half', 'float16', 'N'),
        tensor('image', 'float32', 'N', 3, 8, 8),
        tensor('texts', 'string', 'N', 3),
        tensor('wide', 'float32', 'N', 5000),
        tensor('single', 'float32'),
        { name: 'list', isTensor: false },
      ],
      outputMetadata: [tensor('fixed', 'float32', 2, 3), tensor('good', 'float32', '', 1)],
    };
    const draft = () => draftManifest(graph, OPTIONS);
    for (const problem of [
      'The input half float16[N] has the type float16: convert it inside the graph',
      'The input image float32[N, 3, 8, 8] has 4 dimensions',
      'The input texts string[N, 3] holds several of type string in a row',
      'The input wide float32[N, 5000] has 5000 numbers in a row, and 1 to 4096 are possible: split it, inside the graph, into several tensors',
      'The input single float32[] is a single value, or the file does not say its shape',
      'The input list is no tensor',
      'The output fixed float32[2, 3] gives exactly 2 rows',
      'Or leave it out: --leave-out fixed.',
      'What can be served: float32, float64',
    ])
      expect(draft).toThrow(problem);
    expect(draft).not.toThrow('good');
  });

  test('of a graph without inputs, or without an output that is left, is refused', () => {
    const graph = { inputMetadata: [], outputMetadata: [tensor('y', 'float32', 'N')] };
    expect(() => draftManifest(graph, { ...OPTIONS, leaveOut: ['y'] })).toThrow(
      '- It has no input.\n- No output is left.',
    );
  });

  test('is written as the formatter of this repository writes it, and says where its placeholders are', () => {
    const graph = {
      inputMetadata: [tensor('matrix', 'float32', '', 200), tensor('text', 'string', '', 1)],
      outputMetadata: [tensor('y', 'float64', '')],
    };
    const vector = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i : -i / 4));
    const example = { matrix: vector, text: 'a, [1, 2]' };
    const text = formatManifest({ ...draftManifest(graph, OPTIONS), example });
    const biome = join(ROOT, 'node_modules/.bin/biome');
    const formatted = execFileSync(biome, ['format', '--stdin-file-path=models/some-model/model.json'], {
      cwd: ROOT,
      input: text,
      encoding: 'utf8',
    });
    expect(text).toBe(formatted);
    expect(JSON.parse(text).example).toEqual(example);

    const lines = text.split('\n');
    const found = placeholders(text);
    expect(found.map(({ name, members, lacksLimits }) => [name, members, lacksLimits])).toEqual([
      ['some-model', ['description'], false],
      ['matrix', ['unit', 'minimum', 'maximum', 'description'], false],
      ['text', ['maxLength', 'description'], false],
      ['y', ['unit', 'description'], true],
    ]);
    for (const { line, name } of found) expect(lines[line - 1]).toContain(`"name": "${name}"`);
    expect(
      placeholders(text.replaceAll('unknown', 'miles').replaceAll('not described yet.', 'known.')),
    ).toEqual([
      { line: expect.any(Number), name: 'matrix', members: ['minimum', 'maximum'], lacksLimits: false },
      { line: expect.any(Number), name: 'text', members: ['maxLength'], lacksLimits: false },
    ]);
  });
});

test.each([
  [
    'a newer file',
    'Load model from /tmp/x.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:202 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::ModelOptions&) Unsupported model IR version: 99, max supported IR version: 13',
    'x.onnx cannot be loaded: Unsupported model IR version: 99, max supported IR version: 13. It was made for a newer ONNX',
  ],
  [
    'a file that keeps its weights in another',
    'Load model from /tmp/x.onnx failed:External data path does not exist: "/tmp/models/.add-1/x.onnx.data"',
    'x.onnx cannot be loaded: External data path does not exist: x.onnx.data. It keeps its weights in another file',
  ],
  ['anything else', 'Something new.', 'x.onnx cannot be loaded: Something new.'],
])('of %s it is told what ONNX Runtime says, without paths, and what to do', (_what, reason, told) => {
  expect(loadAdvice('x.onnx', reason)).toContain(told);
});

function tensor(name: string, type: string, ...shape: readonly (number | string)[]): GraphValue {
  return { name, isTensor: true, type, shape };
}
