/** What the first manifest of a model says, from what its ONNX file says. */
import { expect, test } from 'vitest';
import { draftManifest } from '../../../../src/cli/model/draft.ts';
import type { GraphValue } from '../../../../workers/runtimes/onnx/signature.ts';

const OPTIONS = { model: 'some-model', source: 'some.onnx', leaveOut: [], widths: new Map() };

test('a refused draft tells each problem of each input and output, and what can be served', () => {
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

test('a draft of a graph without inputs, or with no output left, is refused', () => {
  const graph = { inputMetadata: [], outputMetadata: [tensor('y', 'float32', 'N')] };
  expect(() => draftManifest(graph, { ...OPTIONS, leaveOut: ['y'] })).toThrow(
    '- It has no input.\n- No output is left.',
  );
});

function tensor(name: string, type: string, ...shape: readonly (number | string)[]): GraphValue {
  return { name, isTensor: true, type, shape };
}
