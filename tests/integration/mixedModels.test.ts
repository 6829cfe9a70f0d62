/** All models under models/ at once, from the mutation to the answer: each version gives its golden rows. */
import { expect, test } from 'vitest';
import type { Values } from '../../src/contract/values.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { givenValue } from '../../src/models/graphqlLiteral.ts';
import {
  isTensorOutput,
  type Manifest,
  type ManifestOutput,
  tensorTypeOf,
} from '../../src/models/manifest.ts';
import type { Answers } from '../../workers/answer.ts';
import { compareWithGolden, readGoldenRows } from '../../workers/golden.ts';
import { MODELS, SILENT } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { startGateway, startWorker } from '../support/processes.ts';

/** More than any version has golden rows. */
const TURNS = 32;
const LANES = 32;

test('six models answer a mixed load, each row with the version that it was sent to', async () => {
  using catalog = await Catalog.open(MODELS, SILENT);
  const versions = await Promise.all(
    catalog.models.flatMap(({ manifest, versions }) =>
      versions.map(async (version) => ({
        manifest,
        version: version.version,
        golden: await readGoldenRows(manifest, version),
      })),
    ),
  );
  // Neighbouring rows belong to different versions, and each row of a version is sent.
  const load = Array.from({ length: TURNS }, (_, turn) =>
    versions.flatMap((version) => {
      const row = version.golden.rows[turn];
      return row === undefined ? [] : [{ ...version, row }];
    }),
  ).flat();

  await using nats = await startNats();
  const env = { MODELS_DIR: MODELS };
  await using gateway = await startGateway(nats, env);
  await using _worker = await startWorker(nats, env);

  const waiting = load.values();
  const lane = async () => {
    for (const { manifest, version, row, golden } of waiting) {
      const { mutation, inputType, predictionType } = manifest.graphql;
      const outputs = manifest.outputs.map(selectionOf).join(' ');
      const query = `mutation ($input: ${inputType}!, $options: TaskOptions) {
        task: ${mutation}(input: $input, options: $options) {
          state modelVersion prediction { ... on ${predictionType} { ${outputs} } } } }`;
      const options = { modelVersion: version, waitMs: 30_000 };
      const task = await ask(gateway.url, query, { input: givenInput(manifest, row.input), options });
      expect(task).toMatchObject({ state: 'SUCCEEDED', modelVersion: version });
      compareWithGolden([row], [answersIn(manifest, task.prediction)], golden.tolerance);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
});

interface Task {
  readonly state: string;
  readonly modelVersion: string;
  readonly prediction: Readonly<Record<string, unknown>>;
}

function selectionOf(output: ManifestOutput): string {
  if ('labels' in output) return `${output.name} { scores }`;
  return isTensorOutput(output) ? `${output.name} { shape base64 }` : output.name;
}

function givenInput({ inputs }: Manifest, row: Values) {
  return Object.fromEntries(inputs.map((input) => [input.name, givenValue(input, row[input.name])]));
}

/** The answers as a worker has them. */
function answersIn({ outputs }: Manifest, prediction: Task['prediction']): Answers {
  const answers = outputs.map((output) => {
    const value = prediction[output.name];
    if ('labels' in output) return [output.name, (value as { scores: readonly number[] }).scores];
    if (!isTensorOutput(output)) return [output.name, value];
    const { shape, base64 } = value as { shape: readonly number[]; base64: string };
    return [output.name, { type: tensorTypeOf(output), shape, data: Uint8Array.fromBase64(base64) }];
  });
  return Object.fromEntries(answers);
}

async function ask(url: string, query: string, variables: object): Promise<Task> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: { task: Task }; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data.task;
}
