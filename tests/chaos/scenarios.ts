/** All scenarios, and how to play one. */
import type { DirectModel } from '../support/predictDirectly.ts';
import { brokerKill, clusterLeaderKill, silentLink } from './brokerScenarios.ts';
import { codePoison } from './codeScenarios.ts';
import { flood, queueFullNoWorker, resultsFull } from './limitScenarios.ts';
import { Oracle, type Report } from './oracle.ts';
import { gatewayKill, rollingRestart, sessionKill, workerKill } from './processScenarios.ts';
import { Random } from './random.ts';
import { pushKill } from './registryScenarios.ts';
import type { Scenario } from './scenario.ts';
import { cancelRace, clockSkew, poison, requestId } from './taskScenarios.ts';
import { trainKill, trainZombie } from './trainingScenarios.ts';

export const SCENARIOS: readonly Scenario[] = [
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
  codePoison,
  pushKill,
  trainKill,
  trainZombie,
];

export interface Extent {
  readonly tasks: number;
  /** The time in which tasks come and faults happen. The end takes some seconds more. */
  readonly seconds: number;
  readonly seed: string;
}

/** @param model gives the right answers. */
export async function play(
  scenario: Scenario,
  { tasks, seconds, seed }: Extent,
  model: DirectModel,
): Promise<Report> {
  const own = `${seed} ${scenario.name}`;
  const oracle = new Oracle();
  await scenario.run({ oracle, random: new Random(own), seed: own, tasks, seconds });
  return oracle.report(model);
}

export function isWhole({ lost, doubled, wrong }: Report): boolean {
  return lost + doubled + wrong === 0;
}
