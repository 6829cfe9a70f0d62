/**
 * `node tests/bench/dataCheck.ts <model> <file> … [against <file> …]`: what the check of a dataset costs, without a broker,
 * and how far its values are from those of other files.
 */
import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { formatTable } from '../../src/cli/model/tables.ts';
import type { InputProfile } from '../../src/contract/messages/datasetRecord.ts';
import { type DatasetReport, reportOf, type TrainedModel } from '../../src/data/datasetReport.ts';
import { DataTable } from '../../src/data/dataTable.ts';
import { manifestCheck } from '../../src/models/manifestCheck.ts';
import { readJson } from '../../src/process/jsonFile.ts';
import { digestRegularFile } from '../../src/process/regularFile.ts';

const MODELS = join(import.meta.dirname, '../../models');
const MIB = 1024;

const [name = '', ...rest] = process.argv.slice(2);
const end = rest.includes('against') ? rest.indexOf('against') : rest.length;
const [files, others] = [rest.slice(0, end), rest.slice(end + 1)];
const model = await modelNamed(name);
await using scratch = await mkdtempDisposable(join(tmpdir(), 'tidings-data-check-'));
const live = others.length === 0 ? [] : (await check(others, [], 'against')).profile;
const startedAt = performance.now();
const before = process.cpuUsage();
const report = await check(files, live, 'checked');
const { user, system } = process.cpuUsage(before);
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
const cpu = ((user + system) / 1e6).toFixed(1);
const peak = Math.round(process.resourceUsage().maxRSS / MIB);
console.log(
  `${report.rowCount} rows, ${report.columns.length} columns and targets: ${seconds} s, ${cpu} s of CPU, peak ${peak} MiB`,
);
const moved = report.columns.flatMap(({ input, psi }) =>
  input === undefined || psi === undefined ? [] : [[input, psi.toFixed(3)]],
);
if (moved.length > 0) console.log(formatTable(moved));

async function modelNamed(wanted: string): Promise<TrainedModel> {
  const file = join(MODELS, wanted, 'model.json');
  const manifest = (await manifestCheck())(await readJson(file), wanted, file);
  if (manifest.training === undefined) throw new Error(`${wanted} has no training`);
  return { manifest, training: manifest.training };
}

async function check(
  paths: readonly string[],
  profile: readonly InputProfile[],
  part: string,
): Promise<DatasetReport> {
  const folder = join(scratch.path, part);
  await mkdir(folder);
  const found = await Promise.all(
    paths.map(async (path) => ({ name: basename(path), path, ...(await digestRegularFile(path)) })),
  );
  await using data = await DataTable.open({ files: found, folder, signal: new AbortController().signal });
  return await reportOf(data, model, profile);
}
