/** Scenarios in which processes of Tidings die, freeze or are replaced. */

import { goodTrip, type Scenario, SLOW_WORKER } from './scenario.ts';
import { TestedSystem } from './testedSystem.ts';

export const workerKill: Scenario = {
  name: 'worker-kill',
  about: 'workers are killed, or frozen for longer than their lease',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      workers: [SLOW_WORKER, SLOW_WORKER],
    });
    const strike = async (i: number) => {
      const worker = system.workers[i % 2];
      const freezes = random.chance(0.15);
      oracle.struck(freezes ? 0 : 1);
      if (freezes) await worker?.freeze(6_500);
      // The test does not wait here, so the other worker may be killed while this one starts.
      else void worker?.replace('SIGKILL');
    };
    await system.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds), strike });
  },
};

export const sessionKill: Scenario = {
  name: 'session-kill',
  about: 'session processes are killed in the middle of a run',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      workers: [SLOW_WORKER, SLOW_WORKER],
    });
    const strike = async (i: number) => {
      const session = newestSession(system.workers[i % 2]?.current.output() ?? '');
      if (session !== undefined && endProcess(session)) oracle.struck(1);
    };
    // The kills are rare: a trip that was alone in three killed sessions would look like one that kills its session.
    await system.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds / 2), strike });
  },
};

export const gatewayKill: Scenario = {
  name: 'gateway-kill',
  about: 'gateways are killed, and others answer on their ports',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using system = await TestedSystem.start({ oracle, random, seed, workers: [SLOW_WORKER] });
    const strike = async (i: number) => {
      oracle.struck(1);
      void system.gateways[i % 2]?.replace('SIGKILL');
    };
    await system.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds / 2), strike });
  },
};

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  about: 'gateways and workers are stopped, one after the other, several times',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using system = await TestedSystem.start({
      oracle,
      random,
      seed,
      workers: [SLOW_WORKER, SLOW_WORKER],
    });
    const all = [...system.workers, ...system.gateways];
    const strike = async (i: number) => {
      oracle.struck(1);
      await all[i % all.length]?.replace('SIGTERM');
    };
    await system.run({ tasks, seconds, trial: goodTrip }, { count: Math.round(seconds / 1.5), strike });
  },
};

/** The process id in a worker's last line "session ready". */
export function newestSession(output: string): number | undefined {
  const pid = [...output.matchAll(/"pid":(\d+),"msg":"session ready"/g)].at(-1)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** @returns false if the process was gone: a session that has just been killed has no successor yet. */
export function endProcess(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
