/**
 * Serves a convolutional network and a block of a transformer on the GPU of this machine, and compares: with ONNX
 * Runtime alone on the same GPU, and with the CPU.
 *
 *     npm run gpu-check [-- --seconds S] [--provider cpu]
 *
 * It writes the table into docs/gpu.md, under "Figures". The exit code is 1 if no provider for a GPU works here. With
 * `--provider cpu` it only shows that it works: it prints the table, and does not write it.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { messageOf } from '../../src/contract/errors.ts';
import { AloneNetwork, type TensorRow } from './aloneNetwork.ts';
import { clientsOver } from './closedLoop.ts';
import { GraphQLSocket } from './graphqlSocket.ts';
import { closedLoop, keepUp } from './load.ts';
import type { Questions } from './questions.ts';
import { measureLoad, startSystem } from './system.ts';
import {
  convolutionalNetwork,
  type TensorNetwork,
  transformerBlock,
  writeTensorModel,
} from './tensorModels.ts';

type Provider = 'cpu' | 'cuda' | 'webgpu';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENT = join(ROOT, 'docs/gpu.md');
const BATCH = 64;
const CLIENTS = 256;
const CONNECTIONS = 32;
const DIFFERENT_ROWS = 64;
const WARM_UP_MS = 3_000;
/** GPUs multiply float32 with fewer bits (TF32), in another order. */
const TOLERANCE = 0.05;
const BEGIN = '<!-- figures of npm run gpu-check -->';
const END = '<!-- end of the figures -->';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '6' }, provider: { type: 'string' } },
});
const seconds = Number(values.seconds);
const provider = values.provider === 'cpu' ? 'cpu' : await workingProvider();
if (provider === undefined) process.exitCode = 1;
else {
  const table = [
    `${await gpuName(provider)}, provider \`${provider}\`, Node ${process.versions.node}, batches of ${BATCH}, ${CLIENTS} clients.`,
    '',
    '| network | ONNX Runtime alone, CPU, rows/s | alone, GPU | Tidings, GPU | share of alone |',
    '| --- | ---: | ---: | ---: | ---: |',
  ];
  for (const network of [convolutionalNetwork(), transformerBlock()])
    table.push(await compare(network, provider));
  console.log(table.join('\n'));
  if (provider !== 'cpu') await write(table.join('\n'));
}

/** @returns the first provider for a GPU that works here; undefined if none does. */
async function workingProvider(): Promise<Exclude<Provider, 'cpu'> | undefined> {
  for (const candidate of ['cuda', 'webgpu'] as const) {
    try {
      await using alone = await AloneNetwork.open(transformerBlock(), candidate);
      await alone.ones();
      return candidate;
    } catch (error) {
      console.log(`${candidate} does not work here: ${messageOf(error)}`);
    }
  }
  return undefined;
}

async function compare(network: TensorNetwork, gpu: Provider): Promise<string> {
  await using cpu = await AloneNetwork.open(network);
  const cpuRate = await cpu.rate(BATCH, seconds / 2);
  await using alone = await AloneNetwork.open(network, gpu);
  const aloneRate = await alone.rate(BATCH, seconds);
  const servedRate = await served(network, cpu, gpu);
  const share = (servedRate / aloneRate).toFixed(2);
  const rates = [cpuRate, aloneRate, servedRate].map((rate) => Math.round(rate).toLocaleString('en-US'));
  return `| ${network.name} | ${rates.join(' | ')} | ${share} |`;
}

/** Rows a second through Tidings, each of them checked with what the CPU answers. */
async function served(network: TensorNetwork, cpu: AloneNetwork, gpu: Provider): Promise<number> {
  await using started = new AsyncDisposableStack();
  const rows: TensorRow[] = [];
  for (let i = 0; i < DIFFERENT_ROWS; i++) rows.push(await cpu.row(i));
  const batching = { maxBatchSize: BATCH, tolerance: TOLERANCE };
  const model = started.use(await writeTensorModel(network, await cpu.ones(), batching));
  const env = { EXECUTION_PROVIDERS: gpu };
  const system = started.use(await startSystem({ name: 'this', root: ROOT }, { models: model.path, env }));
  const sockets = await GraphQLSocket.openAll(system.url, CONNECTIONS, started);
  await using load = closedLoop(clientsOver(sockets, CLIENTS, questionsOf(network, rows)));
  await keepUp(load, WARM_UP_MS);
  const { latencies, seconds: took } = await measureLoad(load, system, seconds);
  return latencies.length / took;
}

function questionsOf({ name }: TensorNetwork, rows: readonly TensorRow[]): Questions {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const submission = `mutation ($x: TensorInput!) { predict${type}(input: { x: $x }) { id } }`;
  const submissions = rows.map(({ base64 }) =>
    JSON.stringify({ query: submission, variables: { x: { base64 } } }),
  );
  const query = `subscription ($id: ID!) { taskResult(id: $id) { prediction { ... on ${type}Prediction { y } } } }`;
  const submit = (row: number) => submissions[row % submissions.length] ?? '';
  return {
    submission: submit,
    submissionWithAnswer: submit,
    subscription: (id) => JSON.stringify({ query, variables: { id } }),
    check(row, { taskResult }) {
      const { prediction } = taskResult as { prediction: { y: readonly number[] } | null };
      const wanted = rows[row % rows.length]?.answer ?? [];
      if (wanted.every((number, i) => Math.abs(number - (prediction?.y[i] ?? Number.NaN)) <= TOLERANCE))
        return;
      throw new Error(`row ${row} must give ${wanted}, got ${JSON.stringify(taskResult)}`);
    },
  };
}

async function gpuName(gpu: Provider): Promise<string> {
  if (gpu === 'cpu') return 'No GPU';
  if (gpu === 'webgpu') return 'The GPU that WebGPU found';
  const { stdout } = await promisify(execFile)('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']);
  return stdout.split('\n')[0] ?? 'A GPU';
}

async function write(table: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const [, after = ''] = rest.split(END);
  await writeFile(DOCUMENT, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
}
