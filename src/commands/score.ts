/**
 * `npm run score -- --model <name> <in> <out>`: scores a Parquet or CSV file through a running Tidings.
 *
 * Exit codes: 0 scored; 1 the file or Tidings cannot be used; 2 a wrong command line; 130 stopped by Ctrl-C. What was
 * scored by then is kept beside the output, and the same command goes on from there.
 */
import { parseArgs } from 'node:util';
import { mapInputs } from './score/mapping.ts';
import { ScoreProgress } from './score/progress.ts';
import { scoreAll } from './score/scoring.ts';
import { ScoreTable } from './score/table.ts';
import { ScoreError, Tidings } from './score/tidings.ts';

const USAGE = `usage: npm run score -- --model <name> <in.parquet|in.csv> <out.parquet|out.csv>
         [--url <GraphQL endpoint>] [--map <input>=<column> …] [--model-version <n>] [--rows <n>] [--calls <n>]`;

const HELP = `${USAGE}

Scores each row of a file with a model of a running Tidings. The output has the columns of the input, those of the
predictions, and error: why a row has none.

  --url            default http://127.0.0.1:4000/graphql
  --map            which column is an input, where the names do not tell: by default it is the one called as the input
                   in GraphQL, or as its tensor. May be repeated.
  --model-version  pins the version; default: whatever answers a task
  --rows           rows in one call, 1 to 10000; default 2000
  --calls          calls at a time; default 4

Ctrl-C stops it; the same command goes on from there.`;

class UsageError extends Error {}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`score: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else if (stop.signal.aborted) {
    console.error('score: stopped. The same command goes on from here.');
    process.exitCode = 130;
  } else {
    console.error('score:', error instanceof ScoreError ? error.message : error);
    process.exitCode = 1;
  }
}

async function main(args: string[]): Promise<void> {
  if (args.includes('--help')) {
    console.log(HELP);
    return;
  }
  const { model: name, input, out, url, named, modelVersion, rowsPerPart, calls } = readArguments(args);
  const { signal } = stop;
  const tidings = new Tidings(url, signal);
  const model = await tidings.describe(name);
  const plan = { model: name, modelVersion, named: [...named], rowsPerPart, outputs: model.outputs };
  await using table = await ScoreTable.open({ input, out, plan });
  const mapped = mapInputs(model, await table.columns(), named);
  await table.prepare(model.outputs);
  const rowCount = await table.rowCount();
  const progress = new ScoreProgress(name, rowCount);
  try {
    await scoreAll({ tidings, table, model, modelVersion, mapped, rowsPerPart, calls, progress, signal });
  } finally {
    progress.end();
  }
  const failed = await table.failedRows();
  await table.finish(model.outputs);
  console.log(`${out}: ${rowCount} rows, ${failed} without a prediction, ${progress.summary()}`);
}

function readArguments(args: string[]) {
  const { values, positionals } = parseStrictly(args);
  const [input, out, ...others] = positionals;
  if (input === undefined || out === undefined || others.length > 0)
    throw new UsageError(`expected a file to score and one to write, got ${positionals.join(' ') || 'none'}`);
  if (values.model === undefined) throw new UsageError('expected --model <name>');
  return {
    model: values.model,
    input,
    out,
    url: values.url ?? 'http://127.0.0.1:4000/graphql',
    named: new Map((values.map ?? []).map(readPair)),
    modelVersion: values['model-version'],
    rowsPerPart: readCount('--rows', values.rows ?? '2000', 10_000),
    calls: readCount('--calls', values.calls ?? '4', 64),
  };
}

function parseStrictly(args: string[]) {
  const text = { type: 'string' } as const;
  const options = {
    model: text,
    url: text,
    map: { type: 'string', multiple: true },
    'model-version': text,
    rows: text,
    calls: text,
  } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    // The first sentence names the option; the others are advice on names that begin with a dash.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw new UsageError(reason);
  }
}

function readPair(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--map must be input=column, got ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function readCount(option: string, text: string, maximum: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= maximum) return count;
  throw new UsageError(`${option} must be a whole number from 1 to ${maximum}, got ${text}`);
}
