/**
 * Closed loop over WebSockets: each client submits a trip, waits for its pushed result, and submits the next. Every
 * answer is compared with the model's own. The load client shares the machine's cores with what it measures.
 */
import { performance } from 'node:perf_hooks';
import { startNats } from '../support/natsServer.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { expectedMinutes, startClient } from './client.ts';
import { cpuSeconds, elapsed, median } from './measure.ts';

const CLIENTS = 64;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 8_000;
const REPETITIONS = 3;

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
      startClient(gateway.url, { offset: i, expected, onResult: (ms) => latencies.push(ms) }),
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
