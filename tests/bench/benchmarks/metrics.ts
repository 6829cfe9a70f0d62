/**
 * What metrics cost: the counting of a task alone, one read alone, and the load of `websocket` while they are read again
 * and again or not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { TaskMetrics } from '../../../src/metrics/taskMetrics.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';
import { freePort } from '../../support/freePort.ts';
import { type Benchmark, figure } from '../benchmark.ts';
import { clientsOver, RAMP_MS, underLoad, WARM_UP_MS } from '../closedLoop.ts';
import { ACCEPTED, cpuUs, ENDED } from '../countedTask.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import type { Load } from '../load.ts';
import { median } from '../numbers.ts';
import { tripQuestions } from '../questions.ts';
import { cpuPer1000, type Measurement, measureLoad, startSystem } from '../system.ts';

const CLIENTS = 256;
const READ_EVERY_MS = 250;
const TURNS = 3;
const COUNTED_TASKS = 500_000;
/** Reads of a process that does nothing else, and the time between them. */
const QUIET_READS = 100;
const QUIET_READ_EVERY_MS = 50;
const READ_BUDGET = { atMost: 3 };

export const metrics: Benchmark = {
  name: 'metrics',
  about: `closed loop, ${CLIENTS} clients as in websocket, while the metrics of both processes are read four times a second, and while not`,
  async prepare(revision, { seconds, connections }) {
    await using started = new AsyncDisposableStack();
    const [ofGateway, ofWorker] = [await freePort(), await freePort()];
    const system = started.use(
      await startSystem(revision, {
        env: { METRICS_PORT: String(ofGateway) },
        workerEnv: { METRICS_PORT: String(ofWorker) },
      }),
    );
    const asked = await tripQuestions();
    const clients = async (opened: AsyncDisposableStack) =>
      clientsOver(await GraphQLSocket.openAll(system.url, connections, opened), CLIENTS, asked);
    const measured = (load: Load) => measureLoad(load, system, seconds / 3);
    const measuredWhileRead = async (load: Load) => {
      using _reading = readAll([ofGateway, ofWorker]);
      return await measured(load);
    };
    await underLoad(clients, WARM_UP_MS, async () => {});
    const stopping = started.move();
    return {
      async measure() {
        // In one load, because two differ. A system gets faster for a while: in this order both gain the same by that.
        const alone: Measurement[] = [];
        const read: Measurement[] = [];
        await underLoad(clients, RAMP_MS, async (load) => {
          for (let turn = 0; turn < TURNS; turn++) {
            alone.push(await measured(load));
            read.push(await measuredWhileRead(load), await measuredWhileRead(load));
            alone.push(await measured(load));
          }
        });
        const cpuOf = (loads: readonly Measurement[]) => median(loads.map(cpuPer1000));
        const countingUs = await countingCost();
        const gatewayUs =
          median(alone.map(({ cpu, latencies }) => (cpu.gateway ?? 0) / latencies.length)) * 1e6;
        return [
          figure('CPU-s per 1,000 tasks, not read', 3, cpuOf(alone)),
          figure('CPU-s per 1,000 tasks, read', 3, cpuOf(read)),
          figure('read, times not read', 3, cpuOf(read) / cpuOf(alone)),
          figure('counting of a task in the gateway, µs', 2, countingUs),
          figure("share of the gateway's CPU, %", 2, (100 * countingUs) / gatewayUs, { atMost: 1 }),
          figure('CPU of a read, gateway, ms', 2, await readingCost(ofGateway), READ_BUDGET),
          figure('CPU of a read, worker, ms', 2, await readingCost(ofWorker), READ_BUDGET),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** Reads all of them again and again, until it is disposed. */
function readAll(ports: readonly number[]): Disposable {
  const timer = setInterval(() => {
    for (const port of ports)
      void read(port).catch((error: unknown) => console.error('the metrics could not be read', error));
  }, READ_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Reads as Prometheus does. */
async function read(port: number): Promise<string> {
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  return await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })).text();
}

/** @returns the milliseconds of CPU that a process without load takes for a read, by what it tells of itself. */
async function readingCost(port: number): Promise<number> {
  const cpuMs = async () => Number(/^process_cpu_seconds_total (.+)$/m.exec(await read(port))?.[1]) * 1_000;
  const start = await cpuMs();
  await sleep(QUIET_READS * QUIET_READ_EVERY_MS);
  const idle = await cpuMs();
  for (let i = 0; i < QUIET_READS; i++) {
    await read(port);
    await sleep(QUIET_READ_EVERY_MS);
  }
  const busy = await cpuMs();
  // Each of the two times has the read at its end, too.
  return (busy - idle - (idle - start)) / QUIET_READS;
}

/** @returns the microseconds of CPU that a gateway takes to count a task, from its acceptance to its end. */
async function countingCost(): Promise<number> {
  const events = new TaskEvents();
  const catalog = { models: [], watch: () => ({ [Symbol.dispose]() {} }) };
  using _counting = new TaskMetrics({ metrics: new Metrics(), events, catalog });
  const tookUs = await cpuUs(() => {
    for (let i = 0; i < COUNTED_TASKS; i++) {
      events.emit('accepted', ACCEPTED);
      events.emit('ended', ENDED);
    }
  });
  return tookUs / COUNTED_TASKS;
}
