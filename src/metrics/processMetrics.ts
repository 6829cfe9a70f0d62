/** What every process tells of itself. The names are those by which Node is known to Prometheus. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

export interface ProcessMetricsOptions {
  readonly metrics: Metrics;
  /** Such as gateway. */
  readonly role: string;
  readonly version: string;
}

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
const QUANTILES = [50, 90, 99] as const;

export function addProcessMetrics({ metrics, role, version }: ProcessMetricsOptions): Disposable {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  metrics.gauge(
    {
      name: 'tidings_build_info',
      help: 'Always 1: the version of Tidings and Node.',
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
  metrics.gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory.', labels: [] }, () => [
    [[], process.memoryUsage.rss()],
  ]);
  const startedAt = Date.now() / 1_000 - process.uptime();
  metrics.gauge(
    { name: 'process_start_time_seconds', help: 'When the process started, since the epoch.', labels: [] },
    () => [[[], startedAt]],
  );
  metrics.gauge(
    { name: 'nodejs_heap_size_used_bytes', help: 'Heap of JavaScript in use.', labels: [] },
    () => [[[], process.memoryUsage().heapUsed]],
  );
  metrics.gauge(
    {
      name: 'nodejs_eventloop_lag_seconds',
      help: 'How late timers ran since the last scrape, by quantile; less than 0.02 is none.',
      labels: ['quantile'],
    },
    () => {
      const read = QUANTILES.map(
        (percent) => [[String(percent / 100)], delay.percentile(percent) / NANOSECONDS] as const,
      );
      delay.reset();
      return read;
    },
  );
  return { [Symbol.dispose]: () => delay.disable() };
}
