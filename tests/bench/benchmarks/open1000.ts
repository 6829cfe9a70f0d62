/** 1,000 independent tasks per second: the latency on a machine that is far from full. */
import { openLoopBenchmark } from '../openLoop.ts';

export const open1000 = openLoopBenchmark({
  name: 'open-1000',
  perSecond: 1_000,
  budgets: { p50: { atMost: 2 }, p99: { atMost: 15 } },
});
