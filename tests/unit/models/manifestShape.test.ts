/** The check of a manifest's shape answers the same from the code that is kept as from the one that is compiled. */
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { manifestShape } from '../../../src/models/manifestShape.ts';
import { MODELS } from '../../support/models.ts';
import { ROOT } from '../../support/processes.ts';

const FILE = 'manifestShape.cjs';
const COMMITTED = await readFile(join(MODELS, 'trip-duration/model.json'), 'utf8');

test('the kept code gives the defaults and the errors of the compiled one', async () => {
  await using folder = await openFolder();
  const file = join(folder.path, FILE);
  const compiled = await manifestShape(file);
  const { mtimeMs } = await stat(file);
  const kept = await manifestShape(file);
  expect(kept).not.toBe(compiled);
  for (const change of [
    {},
    { name: 'Not a name' },
    { inputs: [{ type: 'tensor' }] },
    { outputs: [], batching: { maxBatchSize: 0 }, unknown: true },
  ])
    expect(answerOf(kept, change)).toEqual(answerOf(compiled, change));
  expect(answerOf(kept, {}).passes).toBe(true);
  expect(answerOf(kept, { name: 'Not a name' }).passes).toBe(false);
  expect((await stat(file)).mtimeMs).toBe(mtimeMs);
});

test.each([
  ['broken', 'module.exports = (;'],
  ['of another schema', `module.exports = () => true;\nmodule.exports.digest = '${'0'.repeat(64)}';`],
  ['without a digest', 'module.exports.default = () => true;'],
])('kept code that is %s is not used, but replaced', async (_, code) => {
  await using folder = await openFolder();
  const file = join(folder.path, FILE);
  await writeFile(file, code);
  expect(answerOf(await manifestShape(file), { name: 'Not a name' }).passes).toBe(false);
  expect((await readFile(file, 'utf8')).includes(code)).toBe(false);
  expect(await readdir(folder.path)).toEqual([FILE]);
});

test('a manifest is checked where the code cannot be kept', async () => {
  await using folder = await openFolder();
  const shape = await manifestShape(join(folder.path, 'absent', FILE));
  expect(answerOf(shape, {}).passes).toBe(true);
  expect(answerOf(shape, { name: 'Not a name' }).passes).toBe(false);
});

/** Within the checkout, since kept code imports parts of ajv. */
function openFolder() {
  return mkdtempDisposable(join(ROOT, '.cache/manifest-shape-'));
}

function answerOf(shape: ValidateFunction, change: object) {
  const manifest = { ...JSON.parse(COMMITTED), ...change };
  const passes = shape(manifest);
  return { passes, manifest, errors: shape.errors };
}
