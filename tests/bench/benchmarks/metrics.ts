/** What metrics cost a task: the counting alone, and the load of `websocket` while they are read every second or not. */
import { MESSAGE_VERSION } from '../../../src/contract/messages/decoder.ts';
import type { Job } from '../../../src/contract/messages/job.ts';
import { type FinishedTask, TaskState } from '../../../src/contract/task.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { TaskMetrics } from '../../../src/metrics/taskMetrics.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';
import { freePort } from '../../support/freePort.ts';
import { type Benchmark, figure } from '../benchmark.ts';
import { clientsOver, RAMP_MS, underLoad, WARM_UP_MS } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { tripQuestions } from '../questions.ts';
import { cpuPer1000, measureLoad, startSystem } from '../system.ts';

const CLIENTS = 256;
const READ_EVERY_MS = 1_000;
const COUNTED_TASKS = 500_000;

export const metrics: Benchmark = {
  name: 'metrics',
  about: `closed loop, ${CLIENTS} clients as in websocket, while the metrics of both processes are read every second, and while not`,
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
    const load = () => underLoad(clients, RAMP_MS, (open) => measureLoad(open, system, seconds));
    const loadWhileRead = async () => {
      using _reading = readAll([ofGateway, ofWorker]);
      return await load();
    };
    /** A system gets faster for a while after its start, so they take turns. */
    let isReadFirst = false;
    await underLoad(clients, WARM_UP_MS, async () => {});
    const stopping = started.move();
    return {
      async measure() {
        isReadFirst = !isReadFirst;
        const first = await (isReadFirst ? loadWhileRead() : load());
        const second = await (isReadFirst ? load() : loadWhileRead());
        const [alone, read] = isReadFirst ? [second, first] : [first, second];
        const countingUs = countingCost();
        const gatewayUs = ((alone.cpu.gateway ?? 0) / alone.latencies.length) * 1e6;
        return [
          figure('CPU-s per 1,000 tasks, not read', 3, cpuPer1000(alone)),
          figure('CPU-s per 1,000 tasks, read', 3, cpuPer1000(read)),
          figure('read, times not read', 3, cpuPer1000(read) / cpuPer1000(alone), { atMost: 1.01 }),
          figure('counting of a task in the gateway, µs', 2, countingUs),
          figure("share of the gateway's CPU, %", 2, (100 * countingUs) / gatewayUs, { atMost: 1 }),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** Reads as Prometheus does, until it is disposed. */
function readAll(ports: readonly number[]): Disposable {
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const timer = setInterval(() => {
    for (const port of ports)
      void fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })
        .then((response) => response.text())
        .catch((error: unknown) => console.error('the metrics could not be read', error));
  }, READ_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** @returns the microseconds of CPU that a gateway takes to count a task, from its acceptance to its end. */
function countingCost(): number {
  const events = new TaskEvents();
  const catalog = { models: [], watch: () => ({ [Symbol.dispose]() {} }) };
  using _counting = new TaskMetrics({ metrics: new Metrics(), events, catalog });
  const times = { submittedAt: 0, deadline: 60_000 };
  const job: Job = {
    input: {},
    v: MESSAGE_VERSION,
    taskId: 'task',
    model: 'churn',
    version: '1',
    owner: 'shop',
    ...times,
  };
  const ended: FinishedTask = {
    ...{ id: 'task', model: 'churn', modelVersion: '1', owner: 'shop', ...times },
    ...{ state: TaskState.Succeeded, attempts: 1, startedAt: 3, finishedAt: 5, prediction: {} },
    timings: { queueMs: 2, batchMs: 1, computeMs: 2, batchSize: 8 },
  };
  const before = process.cpuUsage();
  for (let i = 0; i < COUNTED_TASKS; i++) {
    events.emit('accepted', job);
    events.emit('ended', ended);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / COUNTED_TASKS;
}
