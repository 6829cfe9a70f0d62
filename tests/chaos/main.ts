/**
 * Breaks Tidings on purpose, under load, and checks the end of every accepted task.
 *
 *     npm run chaos [-- <scenario> …] [--tasks N] [--seconds S] [--seed TEXT]
 *     npm run chaos -- --sabotage [<sabotage> …]
 *
 * The tasks are shared evenly among the scenarios. `--seconds` is the time of each. The exit code is 1 if a task was
 * lost, doubled or wrong. `--sabotage` checks the oracle itself: see sabotage.ts.
 */
import { HELP_OPTION, parseStrictly, UsageError } from '../../src/cli/commandLine.ts';
import { openDirectModel } from '../support/predictDirectly.ts';
import type { Report } from './oracle.ts';
import { SABOTAGES, tryToCatch } from './sabotage.ts';
import { isWhole, play, SCENARIOS } from './scenarios.ts';

const DEFAULT_TASKS = 14_000;
/** The length of a scenario. It is longer if its tasks would come faster than `TASKS_PER_S`. */
const SECONDS = 10;
const TASKS_PER_S = 200;
const EVIDENCE_SHOWN = 8;

const OPTIONS = {
  tasks: { type: 'string', default: String(DEFAULT_TASKS) },
  seconds: { type: 'string' },
  seed: { type: 'string', default: '1' },
  sabotage: { type: 'boolean', default: false },
  help: HELP_OPTION,
} as const;
const HELP = `usage: npm run chaos -- [<scenario> …] [--tasks N] [--seconds S] [--seed TEXT]
       npm run chaos -- --sabotage [<sabotage> …]

  scenarios  ${SCENARIOS.map(({ name }) => name).join(', ')}
  --tasks    tasks of all scenarios together; default ${DEFAULT_TASKS}
  --seconds  the time of each scenario; default ${SECONDS}, or longer for many tasks
  --seed     chooses which fault happens when; default 1
  --sabotage checks that the oracle notices lost, doubled and wrong tasks
  -h, --help prints this help

Exit codes: 0 no task was lost, doubled or wrong; 1 otherwise; 2 a wrong command line.`;

const { positionals: names, values } = readCommandLine();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
process.exit((await (values.sabotage ? checkOracle() : breakTidings())) ? 0 : 1);

function readCommandLine() {
  try {
    return parseStrictly(process.argv.slice(2), OPTIONS);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuse(`${error.message}\n${HELP}`);
  }
}

async function breakTidings(): Promise<boolean> {
  const scenarios = chosenFrom(SCENARIOS);
  const tasks = Math.ceil(positive('tasks', values.tasks) / scenarios.length);
  const seconds =
    values.seconds === undefined
      ? Math.max(SECONDS, tasks / TASKS_PER_S)
      : positive('seconds', values.seconds);
  const rows: Record<string, Record<string, number>> = {};
  let allWhole = true;
  await using model = await openDirectModel();
  for (const scenario of scenarios) {
    const startedAt = performance.now();
    console.log(`${scenario.name}: ${scenario.about}`);
    const report = await play(scenario, { tasks, seconds, seed: values.seed }, model);
    for (const sentence of report.evidence.slice(0, EVIDENCE_SHOWN)) console.log(`  ${sentence}`);
    console.log(`  ended: ${listed(report.ends)}; refused for the moment: ${listed(report.refusals)}`);
    rows[scenario.name] = rowOf(report, performance.now() - startedAt);
    allWhole &&= isWhole(report);
  }
  console.table(rows);
  return allWhole;
}

async function checkOracle(): Promise<boolean> {
  const rows: Record<string, { scenario: string; 'caught by': string }> = {};
  let allCaught = true;
  for (const sabotage of chosenFrom(SABOTAGES)) {
    console.log(`${sabotage.name}: ${sabotage.about}`);
    const caughtBy = await tryToCatch(sabotage, values.seed);
    rows[sabotage.name] = { scenario: sabotage.scenario, 'caught by': caughtBy ?? 'NOT CAUGHT' };
    allCaught &&= caughtBy !== undefined;
  }
  console.table(rows);
  return allCaught;
}

/** @returns the ones that the command names, or all. */
function chosenFrom<T extends { readonly name: string }>(all: readonly T[]): readonly T[] {
  const known = all.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`there is no ${JSON.stringify(unknown)}, but ${known.join(', ')}`);
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) refuse(`--${option} must be a number above 0, got ${JSON.stringify(text)}`);
  return number;
}

function refuse(reason: string): never {
  process.stderr.write(`chaos: ${reason}\n`);
  process.exit(2);
}

function rowOf(report: Report, tookMs: number) {
  return {
    accepted: report.accepted,
    finished: report.finished,
    'in bundles': report.bundled,
    lost: report.lost,
    doubled: report.doubled,
    wrong: report.wrong,
    kills: report.kills,
    'longest gap s': tenths(report.longestGapMs),
    'recovered within s': tenths(report.longestRecoveryMs),
    'took s': tenths(tookMs),
  };
}

function tenths(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing';
}
