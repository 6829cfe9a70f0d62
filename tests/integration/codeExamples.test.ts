/**
 * The examples of versions that are code: they answer, and the one that writes word by word shows each word. They need
 * scikit-learn for the Python of the system, and a C compiler: `.ci/run` installs both.
 */
import { cp, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fieldOf, openSse, post } from '../support/client.ts';
import { writeCodeVersion } from '../support/codeModels.ts';
import { eventually } from '../support/eventually.ts';
import { ROOT } from '../support/processes.ts';
import { type SmallSystem, startSmallSystem } from '../support/smallSystem.ts';

/** A hidden file beside the models. */
const ENOUGH = '.enough';
/** Writes on and on until there is the file. `missing` comes with the end only. */
const WRITER = `import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
export class Predictor {
  async *predict({ x }) {
    const rows = x.shape[0];
    const columns = (text) => ({ text: Array(rows).fill(text) });
    let text = 'once';
    while (x.data[0] === 1 && !existsSync('../../${ENOUGH}')) {
      text = (text + ' more').slice(0, 900);
      yield columns(text);
      await sleep(20);
    }
    return { ...columns(text), missing: Array(rows).fill(1) };
  }
}
`;
let stack: AsyncDisposableStack;
let modelsDir: string;
let system: SmallSystem;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  modelsDir = stack.use(await mkdtempDisposable(join(tmpdir(), 'tidings-models-'))).path;
  await cp(join(ROOT, 'examples/models'), modelsDir, {
    recursive: true,
    filter: (path) => basename(path) !== 'README.md',
  });
  await writeWriter(join(modelsDir, 'writer'));
  // Debian's packages are for Debian's Python.
  system = stack.use(await startSmallSystem({ MODELS_DIR: modelsDir, PATH: `/usr/bin:${process.env.PATH}` }));
});
afterAll(() => stack.disposeAsync());

async function writeWriter(folder: string): Promise<void> {
  const number = { type: 'int32', unit: 'parts', description: 'A number.' };
  await mkdir(folder);
  const manifest = {
    name: 'writer',
    description: 'Writes until it is told to stop.',
    versions: 'all',
    graphql: { mutation: 'write', inputType: 'WriteInput', predictionType: 'Writing' },
    inputs: [{ ...number, name: 'x', tensor: 'x', minimum: 0, maximum: 1 }],
    outputs: [
      { name: 'text', tensor: 'text', type: 'string', description: 'A text.' },
      { ...number, name: 'missing', tensor: 'missing' },
    ],
    batching: { maxBatchSize: 2, maxWaitMs: 0 },
    partialOutputs: true,
    limits: { timeoutMs: 120_000, runTimeoutMs: 120_000 },
    example: { x: 0 },
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest));
  await writeCodeVersion({
    folder: join(folder, '1'),
    code: { runtime: 'node', entry: 'predictor.mjs:Predictor' },
    files: { 'predictor.mjs': WRITER },
    golden: [{ input: { x: 0 }, output: { text: 'once', missing: 1 } }],
  });
}

interface TaskNow {
  readonly id: string;
  readonly state: string;
  readonly partial: { readonly sequence: number; readonly output: { readonly text: string } } | null;
  readonly prediction: Readonly<Record<string, unknown>> | null;
}

/** The answer of a task, which the mutation waits for. */
async function answerTo(mutation: string, input: string, fields: string): Promise<unknown> {
  const query = `mutation { ${mutation}(input: ${input}, options: { waitMs: 30000 }) { state error { message } prediction { ${fields} } } }`;
  const task = fieldOf<Pick<TaskNow, 'prediction'> & { error: unknown }>(
    await post(system.gateway.url, query),
  );
  return task.prediction ?? task.error;
}

test('models tells what runs each version, and what it runs in', async () => {
  const query = '{ models { name versions { state runtime environment } } }';
  const models = await eventually(
    async () =>
      fieldOf<readonly { name: string; versions: readonly object[] }[]>(
        await post(system.gateway.url, query),
      ),
    (found) => !JSON.stringify(found).includes('WAITING'),
  );
  const told = Object.fromEntries(models.map(({ name, versions }) => [name, versions[0]]));
  expect(told).toMatchObject({
    iris: { state: 'SERVED', runtime: 'PYTHON', environment: expect.stringMatching(/^the Python 3\.\d+/) },
    distance: { state: 'SERVED', runtime: 'NODE', environment: `Node ${process.version}` },
    edits: { state: 'SERVED', runtime: 'COMMAND' },
  });
});

test.each([
  ['classifyIris', '{ leaves: [5.1, 3.5, 1.4, 0.2] }', '... on Iris { species }', { species: 'setosa' }],
  ['countEdits', '{ one: "Käse", other: "Hase" }', '... on Edits { edits }', { edits: 3 }],
  [
    'measureDistance',
    '{ from: [0, 0], to: [0, 90] }',
    '... on Distance { kilometres }',
    { kilometres: expect.closeTo(10_007.557, 3) },
  ],
])('the example of %s answers', async (mutation, input, fields, answer) => {
  expect(await answerTo(mutation, input, fields)).toEqual(answer);
});

test('what a run gives before it is over is shown on the gateway of its task and on any other', async () => {
  const { gateway, otherGateway } = system;
  const { id } = fieldOf<TaskNow>(await post(gateway.url, 'mutation { write(input: { x: 1 }) { id } }'));
  const query = `subscription Watch($id: ID!) { taskUpdates(id: $id) {
    id state partial { sequence output { ... on PartialWriting { text missing } } } prediction { ... on Writing { text } } } }`;
  const watched = [gateway, otherGateway].map(async ({ url }) => {
    const seen: TaskNow[] = [];
    const isShown = Promise.withResolvers<void>();
    const end = (async () => {
      for await (const answer of await openSse(url, query, { id })) {
        seen.push(fieldOf<TaskNow>(answer));
        if (new Set(textsIn(seen)).size >= 3) isShown.resolve();
      }
    })();
    await isShown.promise;
    return { seen, end };
  });
  const watchers = await Promise.all(watched);
  // Until now the run could not end.
  await writeFile(join(modelsDir, ENOUGH), '');
  for (const { seen, end } of watchers) {
    await end;
    const last = seen.at(-1);
    expect(last).toMatchObject({ state: 'SUCCEEDED', partial: null });
    for (const text of textsIn(seen)) expect(last?.prediction?.text).toContain(text);
    const partials = seen.flatMap(({ partial }) => partial ?? []);
    expect(partials[0]?.output).toMatchObject({ missing: null });
    const sequences = partials.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  }
});

function textsIn(updates: readonly TaskNow[]): readonly string[] {
  return updates.flatMap(({ partial }) => partial?.output.text ?? []);
}

test('a task that has ended has no partial output, and its end is stored', async () => {
  const tell =
    'mutation { tellStory(input: { beginning: "A light", words: 3 }, options: { waitMs: 30000 }) { id state partial { sequence } prediction { ... on Story { text } } } }';
  const task = fieldOf<TaskNow>(await post(system.gateway.url, tell));
  expect(task).toMatchObject({ state: 'SUCCEEDED', partial: null, prediction: { text: 'burned in the' } });
});
