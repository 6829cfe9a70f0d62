/**
 * Measures Tidings on systems of its own, and prints Markdown tables.
 *
 *     npm run bench [-- <benchmark> …] [--repeat N] [--seconds S] [--against <git revision> [--at-once]]
 *                   [--json FILE] [--connections N] [--jobs N] [--minutes N] [--data FOLDER]
 *                   [--profile FOLDER]
 *
 * docs/performance.md describes the benchmarks and the options. The exit code is 1 if an answer was wrong
 * or refused, and 2 for a wrong command line.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { HELP_OPTION, parseStrictly, UsageError } from '../../src/cli/commandLine.ts';
import type { Revision, Settings } from './benchmark.ts';
import { BENCHMARKS } from './benchmarks/index.ts';
import { profileTables } from './profile.ts';
import { comparison, table } from './report.ts';
import { checkOut, thisRevision } from './revision.ts';
import { type Outcome, runBenchmark } from './run.ts';

const HELP = `usage: npm run bench -- [<benchmark> …] [options]

  benchmarks     ${BENCHMARKS.map(({ name }) => name).join(', ')}; default: all but peers
  --repeat       runs of each; default 3
  --seconds      the time of each run; default 6
  --against      a git revision that is measured in turn with this one
  --at-once      measures both at the same time
  --connections, --jobs, --minutes   of the benchmarks that have them; defaults 32, 100000, 1
  --data         a folder with the data of trainings; default: it makes some
  --json         a file for the figures
  --profile      a folder for CPU profiles
  -h, --help     prints this help

docs/performance.md describes the benchmarks. Exit codes: 0 done; 1 an answer was wrong or refused; 2 a wrong command line.`;

const { names, values } = readCommandLine();
const repeat = wholeNumber('repeat');
const settings: Settings = {
  seconds: wholeNumber('seconds'),
  connections: wholeNumber('connections'),
  jobs: wholeNumber('jobs'),
  minutes: wholeNumber('minutes'),
  data: values.data === undefined ? undefined : resolve(values.data),
};
const chosen = BENCHMARKS.filter(({ name, onlyByName }) =>
  names.length === 0 ? !onlyByName : names.includes(name),
);

await using checkouts = new AsyncDisposableStack();
const ours = await thisRevision();
const profile = values.profile === undefined ? undefined : resolve(values.profile);
if (profile !== undefined) {
  await mkdir(profile, { recursive: true });
  // Gateways and workers read it, see `profiled`.
  process.env.PROFILE_DIR = profile;
}
const theirs = values.against === undefined ? undefined : checkouts.use(await other(values.against));
process.once('SIGINT', async () => {
  await checkouts.disposeAsync();
  process.exit(130);
});
const [cpu] = cpus();
const machine = {
  cpus: cpus().length,
  model: cpu?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  platform: `${process.platform}-${process.arch}`,
  node: process.versions.node,
  /** The load of the minute before the start, from other work on the machine. */
  loadBefore: loadavg()[0] ?? 0,
};
const date = new Date().toISOString();
console.log(
  `${date.slice(0, 10)}, ${ours.name}, Node ${machine.node}, ${machine.cpus} × ${machine.model}, load before ${machine.loadBefore.toFixed(1)}\n`,
);
const outcomes: Outcome[] = [];
for (const benchmark of chosen) {
  try {
    const outcome = await runBenchmark(benchmark, {
      ours,
      theirs,
      atOnce: values['at-once'] === true,
      repeat,
      settings,
    });
    outcomes.push(outcome);
    console.log(`${table(outcome)}\n`);
    if (theirs !== undefined) console.log(`${comparison(outcome, theirs.name)}\n`);
  } catch (error) {
    // The other benchmarks can still be measured.
    process.exitCode = 1;
    console.error(`${benchmark.name} could not be measured:`, error);
  }
}
if (profile !== undefined) for (const parts of await profileTables(profile)) console.log(`${parts}\n`);
if (values.json !== undefined) {
  const record = { date, machine, revision: ours.name, against: theirs?.name, settings, outcomes };
  await writeFile(values.json, `${JSON.stringify(record, null, 2)}\n`);
}

function other(revision: string): Promise<Revision & AsyncDisposable> {
  return checkOut(revision).catch((error: Error) =>
    refuse(`--against must name a revision that can be set up: ${error.message}`),
  );
}

function readCommandLine() {
  try {
    const { positionals, values } = parseStrictly(process.argv.slice(2), {
      repeat: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '6' },
      connections: { type: 'string', default: '32' },
      jobs: { type: 'string', default: '100000' },
      minutes: { type: 'string', default: '1' },
      data: { type: 'string' },
      against: { type: 'string' },
      'at-once': { type: 'boolean' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: HELP_OPTION,
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const known = BENCHMARKS.map(({ name }) => name);
    const unknown = positionals.find((name) => !known.includes(name));
    if (unknown !== undefined) refuse(`there is no ${JSON.stringify(unknown)}, but ${known.join(', ')}`);
    return { names: positionals, values };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuse(`${error.message}\n${HELP}`);
  }
}

function wholeNumber(option: 'repeat' | 'seconds' | 'connections' | 'jobs' | 'minutes'): number {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < 1)
    refuse(`--${option} must be a whole number from 1 up, got ${JSON.stringify(values[option])}`);
  return number;
}

function refuse(reason: string): never {
  process.stderr.write(`bench: ${reason}\n`);
  process.exit(2);
}
