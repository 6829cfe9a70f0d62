/**
 * Breaks Tidings on purpose, under load, and tells what became of every accepted task.
 *
 *     npm run chaos [-- <scenario> …] [--tasks N] [--seconds S] [--seed TEXT]
 *
 * Tasks and seconds are spread evenly over the scenarios. Exit code 1 if anything was lost, doubled or wrong.
 */
import { parseArgs } from 'node:util';
import { openDirectModel } from '../support/predictDirectly.ts';
import { brokerKill, clusterLeaderKill, silentLink } from './brokerScenarios.ts';
import { flood, queueFullNoWorker, resultsFull } from './limitScenarios.ts';
import { Oracle, type Report } from './oracle.ts';
import { gatewayKill, rollingRestart, sessionKill, workerKill } from './processScenarios.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';
import { cancelRace, clockSkew, poison, requestId } from './taskScenarios.ts';

const SCENARIOS: readonly Scenario[] = [
  workerKill,
  sessionKill,
  gatewayKill,
  brokerKill,
  clusterLeaderKill,
  poison,
  flood,
  resultsFull,
  queueFullNoWorker,
  silentLink,
  rollingRestart,
  cancelRace,
  requestId,
  clockSkew,
];
const DEFAULT_TASKS = 14_000;
/** A scenario; longer if its tasks would come faster than `TASKS_PER_S`. */
const SECONDS = 10;
const TASKS_PER_S = 250;
const EVIDENCE_SHOWN = 8;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: 'string', default: String(DEFAULT_TASKS) },
    seconds: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const unknown = positionals.find((name) => SCENARIOS.every((scenario) => scenario.name !== name));
if (unknown !== undefined) {
  process.stderr.write(
    `there is no scenario ${JSON.stringify(unknown)}, but ${SCENARIOS.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
const chosen = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const tasks = Math.ceil(Number(values.tasks) / chosen.length);
const seconds = Number(values.seconds ?? Math.max(SECONDS, tasks / TASKS_PER_S));

await using model = await openDirectModel();
const rows: Record<string, string | number>[] = [];
let isWhole = true;
for (const scenario of chosen) {
  const seed = `${values.seed} ${scenario.name}`;
  const startedAt = performance.now();
  console.log(`${scenario.name}: ${scenario.about}`);
  const oracle = new Oracle();
  await scenario.run({ oracle, random: new Random(seed), seed, tasks, seconds });
  const report = await oracle.report(model);
  rows.push(rowOf(scenario, report, performance.now() - startedAt));
  for (const line of report.evidence.slice(0, EVIDENCE_SHOWN)) console.log(`  ${line}`);
  console.log(`  ended: ${listed(report.ends)}; refused for the moment: ${listed(report.refusals)}`);
  isWhole &&= report.lost + report.doubled + report.wrong === 0;
}
console.table(Object.fromEntries(rows.map(({ scenario, ...row }) => [scenario, row])));
process.exit(isWhole ? 0 : 1);

function rowOf({ name }: Scenario, report: Report, tookMs: number) {
  return {
    scenario: name,
    accepted: report.accepted,
    finished: report.finished,
    lost: report.lost,
    doubled: report.doubled,
    wrong: report.wrong,
    kills: report.kills,
    'longest gap s': round(report.longestGapMs),
    'recovered within s': round(report.longestRecoveryMs),
    'took s': round(tookMs),
  };
}

function round(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing';
}
