/**
 * Trains a version of `housing` and gives it a tenth of the tasks: data, training, judgement and release, one mutation for
 * each. Nothing is polled: each task is watched by a subscription.
 *
 *     node_modules/.bin/node examples/housing-workflow/workflow.ts tracts.csv [GraphQL address]
 *
 * With a login, TIDINGS_KEY is the key of an operator.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createClient } from 'graphql-ws';

interface Task {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly dataset: Dataset | null;
  readonly training: Training | null;
}

interface Dataset {
  readonly rowCount: number;
  readonly usable: boolean;
  readonly problems: readonly { readonly message: string }[];
}

interface Training {
  readonly version: string | null;
  /** Whether a version that was made of the same things was there already. */
  readonly reused: boolean;
  readonly stages: readonly { readonly name: string; readonly state: string; readonly note: string | null }[];
  readonly progress: { readonly done: number; readonly of: number | null; readonly unit: string } | null;
  readonly gates: readonly Check[];
}

interface Check {
  readonly name: string;
  readonly verdict: string;
  readonly observed: number | null;
  readonly live: number | null;
  readonly limit: number | null;
}

const [file, url = 'http://127.0.0.1:4000/graphql'] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: workflow.ts <table of tracts> [GraphQL address]');
const key = process.env.TIDINGS_KEY;
const login = key === undefined ? {} : { authorization: `Bearer ${key}` };
const client = createClient({ url: url.replace(/^http/, 'ws'), connectionParams: login });

// 1. The file itself goes beside GraphQL, under its digest. Bytes that are there already are not sent again.
const bytes = await readFile(file);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const artifact = new URL(`/artifacts/${sha256}`, url);
const { status } = await fetch(artifact, { method: 'HEAD', headers: login });
if (status !== 200) {
  const answer = await fetch(artifact, { method: 'PUT', headers: login, body: bytes });
  if (!answer.ok) throw new Error(`the upload was refused: ${await answer.text()}`);
}

// 2. A trainer checks the data.
const { addDataset } = await ask<{ addDataset: Task }>(
  `mutation Add($files: [DataFileInput!]!) {
    addDataset(input: { name: "tracts", model: "housing", files: $files }) { id }
  }`,
  { files: [{ name: basename(file), sha256 }] },
);
const checked = await endOf(addDataset.id, `dataset { rowCount usable problems { message } }`);
console.log(`data      ${checked.dataset?.rowCount} census tracts`);
if (checked.dataset?.usable !== true)
  throw new Error(checked.error?.message ?? checked.dataset?.problems[0]?.message);

// 3. A fifth of the rows is held out, the recipe of the model trains on the others, and the version is judged.
const { trainModel } = await ask<{ trainModel: Task }>(
  `mutation Train {
    trainModel(input: {
      model: "housing", datasets: [{ name: "tracts", last: 1, use: TRAIN }],
      split: { holdoutPercent: 20, by: HASH }, params: { housing: { epochs: 100 } }
    }) { id }
  }`,
);
let shown = '';
const trained = await endOf(
  trainModel.id,
  `training { version reused stages { name state note } progress { done of unit } gates { name verdict observed live limit } }`,
  ({ training }) => {
    const running = training?.stages.find(({ state }) => state === 'RUNNING');
    const progress = training?.progress;
    const line = `${running?.name.toLowerCase() ?? ''} ${progress ? `${progress.done} of ${progress.of} ${progress.unit}` : ''}`;
    if (running !== undefined && line !== shown) console.log(`training  ${line}`);
    shown = line;
  },
);
for (const { name, verdict, observed, live, limit } of trained.training?.gates ?? [])
  console.log(
    `gate      ${verdict.padEnd(7)} ${name}: ${observed?.toFixed(2)} (${live === null ? '' : `live ${live.toFixed(2)}, `}limit ${limit})`,
  );
const version = trained.training?.version;
if (version == null) throw new Error(`${trained.error?.code}: ${trained.error?.message}`);
console.log(`version   ${version}${trained.training?.reused ? ', made of the same data before' : ''}`);

// 4. A task that names the version waits until a worker has fetched it.
const { predictHousing } = await ask<{ predictHousing: Prediction }>(
  `mutation Predict($version: String!) {
    predictHousing(
      input: { crimesPerHead: 0.09, largeLotPercent: 12.5, industryPercent: 7.9, nitrogenOxidesPpTenMillion: 0.52,
        roomsPerDwelling: 6.1, builtBefore1940Percent: 70, employmentCentreDistance: 5.2, highwayAccessIndex: 5,
        taxUsdPerTenThousand: 311, lowerStatusPercent: 13.1 }
      options: { modelVersion: $version, waitMs: 30000 }
    ) { modelVersion state prediction { ... on HousingPrediction { priceThousandsUsd pupilTeacherRatio } } }
  }`,
  { version },
);
const { modelVersion, prediction } = predictHousing;
console.log(
  `answer    of version ${modelVersion}: ${prediction?.priceThousandsUsd.toFixed(1)} thousand dollars, ${prediction?.pupilTeacherRatio.toFixed(1)} pupils per teacher`,
);

// 5. A tenth of the tasks goes to it.
await ask(
  `mutation Release($version: String!) {
    setRollout(model: "housing", weights: [{ version: "1", percent: 90 }, { version: $version, percent: 10 }]) {
      model { live { version } }
    }
  }`,
  { version },
);
console.log('rollout   10 % of the tasks go to it');
await client.dispose();

interface Prediction {
  readonly modelVersion: string;
  readonly prediction: { readonly priceThousandsUsd: number; readonly pupilTeacherRatio: number } | null;
}

/** Watches a task, and returns it as it ended. */
async function endOf(id: string, fields: string, onUpdate: (task: Task) => void = () => {}): Promise<Task> {
  let last: Task | undefined;
  const query = `subscription Watch($id: ID!) { taskUpdates(id: $id) { id state error { code message } ${fields} } }`;
  for await (const { data, errors } of client.iterate<{ taskUpdates: Task }>({ query, variables: { id } })) {
    if (data == null) throw new Error(errors?.[0]?.message);
    last = data.taskUpdates;
    onUpdate(last);
  }
  if (last === undefined) throw new Error(`nothing was told of ${id}`);
  return last;
}

async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  for await (const { data, errors } of client.iterate<T>({ query, variables })) {
    if (data == null) throw new Error(errors?.[0]?.message);
    return data;
  }
  throw new Error('no answer came');
}
