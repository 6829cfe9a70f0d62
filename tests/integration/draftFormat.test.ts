/** The formatter of this repository leaves the model.json of `npm run model` unchanged. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { draftManifest } from '../../src/cli/model/draft.ts';
import { formatManifest } from '../../src/cli/model/modelCard.ts';
import { placeholders } from '../../src/cli/model/placeholders.ts';
import { found, foundInput, foundOutput } from '../support/found.ts';

const ROOT = join(import.meta.dirname, '../..');

test('a draft has the format of the formatter, and its placeholders are found', () => {
  const graph = found({
    inputs: [foundInput('matrix', 'float32', [200]), foundInput('text', 'string', [1])],
    outputs: [foundOutput('y', 'float64', [])],
  });
  const vector = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i : -i / 4));
  const example = { matrix: vector, text: 'a, [1, 2]' };
  const options = { model: 'some-model', source: 'some.onnx', labels: new Map() };
  const text = formatManifest({ ...draftManifest(graph, options), example });
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const formatted = execFileSync(biome, ['format', '--stdin-file-path=models/some-model/model.json'], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
  expect(text).toBe(formatted);
  expect(JSON.parse(text).example).toEqual(example);

  expect(placeholders(text).map(({ name, members, lacksLimits }) => [name, members, lacksLimits])).toEqual([
    ['some-model', ['description'], false],
    ['matrix', ['unit', 'minimum', 'maximum', 'description'], false],
    ['text', ['maxLength', 'description'], false],
    ['y', ['unit', 'description'], true],
  ]);
});
