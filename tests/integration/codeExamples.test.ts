/**
 * The examples of versions that are code: they answer, and the one that writes word by word shows each word. They need
 * scikit-learn for the Python of the system, and a C compiler: `.ci/run` installs both.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, fieldOf, openSse, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { ROOT } from '../support/processes.ts';
import { type SmallSystem, startSmallSystem } from '../support/smallSystem.ts';

let system: SmallSystem;

beforeAll(async () => {
  // Debian's packages are for Debian's Python.
  system = await startSmallSystem({
    MODELS_DIR: join(ROOT, 'examples/models'),
    PATH: `/usr/bin:${process.env.PATH}`,
  });
});
afterAll(() => system?.[Symbol.asyncDispose]());

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

test('a story is shown while it is written, on its own gateway and on any other', async () => {
  const { gateway, otherGateway } = system;
  const tell = 'mutation { tellStory(input: { beginning: "The fox", words: 40 }) { id } }';
  const { id } = fieldOf<TaskNow>(await post(gateway.url, tell));
  const fields = `id state partial { sequence output { ... on PartialStory { text } } } prediction { ... on Story { text } }`;
  const watch = async ({ url }: { readonly url: string }) => {
    const answers = await collect(
      await openSse(url, `subscription Watch($id: ID!) { taskUpdates(id: $id) { ${fields} } }`, { id }),
    );
    return answers.map((answer) => fieldOf<TaskNow>(answer));
  };
  for (const updates of await Promise.all([gateway, otherGateway].map(watch))) {
    const last = updates.at(-1);
    expect(last).toMatchObject({ state: 'SUCCEEDED', partial: null });
    const partials = updates.flatMap(({ partial }) => partial ?? []);
    expect(partials.length).toBeGreaterThan(2);
    const sequences = partials.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    for (const { output } of partials) expect(last?.prediction?.text).toContain(output.text);
    expect(new Set(partials.map(({ output }) => output.text)).size).toBeGreaterThan(2);
  }
});

test('a task that has ended has no partial output, and its end is stored', async () => {
  const tell =
    'mutation { tellStory(input: { beginning: "A light", words: 3 }, options: { waitMs: 30000 }) { id state partial { sequence } prediction { ... on Story { text } } } }';
  const task = fieldOf<TaskNow>(await post(system.gateway.url, tell));
  expect(task).toMatchObject({ state: 'SUCCEEDED', partial: null, prediction: { text: 'burned in the' } });
});
