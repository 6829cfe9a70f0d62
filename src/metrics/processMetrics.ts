/** What every process tells of itself. The names are those by which Node is known to Prometheus. */
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { ProcessRole } from '../contract/messages/figures.ts';
import { EventLoopDelay } from '../process/eventLoopDelay.ts';
import { readJson } from '../process/jsonFile.ts';
import type { Metrics } from './metrics.ts';

const MS = 1_000;
const MICROSECONDS = 1e6;
/** As often as the Prometheus of deploy/ reads. */
const LAG_WINDOW_MS = 10_000;

export async function addProcessMetrics(metrics: Metrics, role: ProcessRole): Promise<Disposable> {
  const file = join(import.meta.dirname, '../../package.json');
  const { version } = (await readJson(file)) as { readonly version: string };
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge({ name, help, labels: [] }, () => [[[], read()]]);
  metrics.gauge(
    {
      name: 'tidings_build_info',
      help: 'Always 1: what the process is, and the versions of Tidings and Node.',
      labels: ['role', 'version', 'node'],
    },
    () => [[[role, version, process.version], 1]],
  );
  metrics.observedCounter(
    { name: 'process_cpu_seconds_total', help: 'CPU time, user and system.', labels: [] },
    () => {
      const { user, system } = process.cpuUsage();
      return [[[], (user + system) / MICROSECONDS]];
    },
  );
  const startedAt = Date.now() / MS - process.uptime();
  gauge('process_start_time_seconds', 'When the process started, since the epoch.', () => startedAt);
  // `process.memoryUsage()` would read this from the system each time, too.
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge(
    'nodejs_heap_size_used_bytes',
    'Heap of JavaScript in use.',
    () => getHeapStatistics().used_heap_size,
  );
  gauge(
    'nodejs_heap_size_total_bytes',
    'Heap of JavaScript that is reserved.',
    () => getHeapStatistics().total_heap_size,
  );
  const delay = new EventLoopDelay({ windowMs: LAG_WINDOW_MS });
  gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'How late the event loop was in the last whole window of 10 s, the 99th percentile.',
    () => delay.read().p99 / MS,
  );
  return delay;
}
