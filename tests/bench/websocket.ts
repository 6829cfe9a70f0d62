/**
 * Closed loop over WebSockets: each client submits a trip, waits for its pushed result, and submits the next. Every
 * answer is compared with the model's own. The load client shares the machine's cores with what it measures.
 */
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { cpuSeconds, median } from './measure.ts';

const CLIENTS = 64;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 8_000;
const REPETITIONS = 3;
const DIFFERENT_TRIPS = 1_000;

const SUBMIT = 'mutation($input: PredictTripInput!) { predictTrip(input: $input) { id } }';
const RESULT =
  'subscription($id: ID!) { taskResult(id: $id) { state prediction { ... on TripPrediction { durationMinutes } } } }';

interface Repetition {
  readonly tasksPerSecond: number;
  /** Milliseconds from the mutation to the result in hand. */
  readonly p50: number;
  readonly p99: number;
  /** CPU-seconds per 1,000 tasks. */
  readonly cpu: Readonly<Record<'gateway' | 'worker' | 'nats-server' | 'load client', number>>;
}

export async function benchWebSocket(): Promise<void> {
  const production = { NODE_ENV: 'production', LOG_LEVEL: 'warn' };
  await using nats = await startNats();
  await using gateway = await startGateway(nats, production);
  await using worker = await startWorker(nats, production);
  const expected = await expectedMinutes();
  const latencies: number[] = [];
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) =>
      startClient(gateway.url, i, expected, (ms) => latencies.push(ms)),
    ),
  );
  const pids = {
    gateway: gateway.pid,
    worker: worker.pid,
    'nats-server': nats.pid,
    'load client': process.pid,
  };
  const cpuNow = async () => {
    const seconds = await Promise.all(
      Object.values(pids).map((pid) => cpuSeconds(pid, { children: pid !== process.pid })),
    );
    return Object.fromEntries(Object.keys(pids).map((name, i) => [name, seconds[i] ?? 0]));
  };

  await elapsed(WARM_UP_MS);
  const repetitions: Repetition[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    latencies.length = 0;
    const before = await cpuNow();
    const startedAt = performance.now();
    await elapsed(MEASURE_MS);
    const seconds = (performance.now() - startedAt) / 1_000;
    const sorted = latencies.toSorted((a, b) => a - b);
    const after = await cpuNow();
    const per1000 = (name: keyof typeof pids) =>
      (((after[name] ?? 0) - (before[name] ?? 0)) / sorted.length) * 1_000;
    repetitions.push({
      tasksPerSecond: sorted.length / seconds,
      p50: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
      p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
      cpu: {
        gateway: per1000('gateway'),
        worker: per1000('worker'),
        'nats-server': per1000('nats-server'),
        'load client': per1000('load client'),
      },
    });
  }
  for (const client of clients) client.terminate();
  print(repetitions);
}

/** Waits on the clock: a closed loop has no other end. */
function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function expectedMinutes(): Promise<readonly number[]> {
  await using model = await openDirectModel();
  const minutes: number[] = [];
  for (let i = 0; i < DIFFERENT_TRIPS; i++) minutes.push(await model.predict(tripNumber(i)));
  return minutes;
}

/** A client of the `graphql-transport-ws` protocol with as little work of its own as can be. */
async function startClient(
  url: string,
  offset: number,
  expected: readonly number[],
  onResult: (latencyMs: number) => void,
): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  const connected = Promise.withResolvers<void>();
  let trip = offset;
  let submittedAt = 0;
  const send = (message: object) => socket.send(JSON.stringify(message));
  const submit = () => {
    trip = (trip + 1) % DIFFERENT_TRIPS;
    submittedAt = performance.now();
    send({
      id: 'submit',
      type: 'subscribe',
      payload: { query: SUBMIT, variables: { input: tripNumber(trip) } },
    });
  };
  socket.on('open', () => send({ type: 'connection_init' }));
  socket.on('error', connected.reject);
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    if (message.type === 'connection_ack') {
      connected.resolve();
      submit();
    } else if (message.type === 'next' && message.id === 'submit') {
      const { id } = message.payload.data.predictTrip;
      send({ id: 'result', type: 'subscribe', payload: { query: RESULT, variables: { id } } });
    } else if (message.type === 'next') {
      const got = message.payload.data.taskResult.prediction?.durationMinutes;
      if (got !== expected[trip])
        throw new Error(`trip ${trip} must take ${expected[trip]} minutes, got ${String(data)}`);
      onResult(performance.now() - submittedAt);
    } else if (message.type === 'complete' && message.id === 'result') {
      submit();
    } else if (message.type !== 'complete') {
      throw new Error(`the gateway answered ${String(data)}`);
    }
  });
  await connected.promise;
  return socket;
}

function print(repetitions: readonly Repetition[]): void {
  const row = (name: string, digits: number, value: (repetition: Repetition) => number) => {
    const values = repetitions.map(value);
    const shown = [Math.min(...values), median(values), Math.max(...values)].map((number) =>
      number.toFixed(digits),
    );
    return `| ${[name, ...shown].join(' | ')} |`;
  };
  const servers = (r: Repetition) => r.cpu.gateway + r.cpu.worker + r.cpu['nats-server'];
  console.log(
    [
      `| closed loop, ${CLIENTS} WebSocket clients, ${REPETITIONS} × ${MEASURE_MS / 1_000} s | minimum | median | maximum |`,
      '| --- | ---: | ---: | ---: |',
      row('tasks/s', 0, (r) => r.tasksPerSecond),
      row('latency p50, ms', 2, (r) => r.p50),
      row('latency p99, ms', 2, (r) => r.p99),
      row('CPU-s per 1,000 tasks: gateway', 3, (r) => r.cpu.gateway),
      row('CPU-s per 1,000 tasks: worker and session', 3, (r) => r.cpu.worker),
      row('CPU-s per 1,000 tasks: nats-server', 3, (r) => r.cpu['nats-server']),
      row('CPU-s per 1,000 tasks: all servers', 3, servers),
      row('CPU-s per 1,000 tasks: load client', 3, (r) => r.cpu['load client']),
    ].join('\n'),
  );
}
