/** `npm run model -- add` for folders with code. */
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runModelCommand } from '../../src/cli/model/command.ts';

const PREDICTOR = `export class Predictor {
  predict({ size, name }) {
    return { twice: Array.from(size.data, (x) => 2 * x), shout: name.data.map((text) => text.toUpperCase()) };
  }
  metadata() {
    return {
      inputs: [{ name: 'size', type: 'float32', shape: ['N'] }, { name: 'name', type: 'string', shape: ['N'] }],
      outputs: [{ name: 'twice', type: 'float32', shape: ['N'] }, { name: 'shout', type: 'string', shape: ['N'] }],
    };
  }
}
`;
let stack: AsyncDisposableStack;
let source: string;
let modelsDir: string;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = async () => stack.use(await mkdtempDisposable(join(tmpdir(), 'tidings-add-'))).path;
  source = await folder();
  modelsDir = await folder();
  await writeFile(join(source, 'predictor.mjs'), PREDICTOR);
  await writeFile(join(source, 'words.txt'), 'some data');
});
afterAll(() => stack.disposeAsync());

async function model(...args: string[]) {
  const printed: string[] = [];
  const print = (text: string) => printed.push(text);
  const env = { ...process.env, MODELS_DIR: modelsDir };
  const code = await runModelCommand(args, { env, print, printError: print });
  return { code, text: printed.join('\n') };
}

test('a folder is added with the manifest that its metadata tells, and as a next version; both pass the check', async () => {
  const example = '{"size": 2, "name": "ada"}';
  expect(await model('add', source, '--name', 'twice', '--example', example)).toMatchObject({ code: 0 });
  const version = join(modelsDir, 'twice/1');
  const record = JSON.parse(await readFile(join(version, 'version.json'), 'utf8'));
  expect(record).toMatchObject({
    runtime: 'node',
    entry: 'predictor.mjs:Predictor',
    files: [{ path: 'predictor.mjs' }, { path: 'words.txt', bytes: 9 }],
  });
  const { rows } = JSON.parse(await readFile(join(version, 'golden.json'), 'utf8'));
  expect(rows).toEqual([{ input: { size: 2, name: 'ada' }, output: { twice: 4, shout: 'ADA' } }]);

  await writeFile(join(source, 'predictor.mjs'), PREDICTOR.replace('2 * x', '2.5 * x'));
  expect(await model('add', source, '--name', 'twice')).toMatchObject({ code: 0 });
  const check = await model('check', 'twice');
  expect(check.code).toBe(0);
  expect(check.text.match(/ ok$/gm)?.length).toBe(2);

  await writeFile(join(version, 'words.txt'), 'other data');
  const refused = await model('check', 'twice/1');
  expect(refused.code).toBe(1);
  expect(refused.text).toContain('twice/1/words.txt must have the SHA-256 of its version.json');
});

test('a folder that does not say what it is, or raises an exception, is refused, and nothing is left', async () => {
  await using other = await mkdtempDisposable(join(tmpdir(), 'tidings-add-'));
  const before = await readdir(modelsDir);
  expect((await model('add', other.path, '--name', 'nothing')).text).toContain(
    'must have one of predictor.py',
  );
  await writeFile(join(other.path, 'predictor.js'), "throw new Error('no such library')");
  const refused = await model('add', other.path, '--name', 'nothing');
  expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('no such library') });
  expect(await readdir(modelsDir)).toEqual(before);
});
