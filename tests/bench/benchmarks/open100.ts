/** Little to do: what a task costs when none shares its way with others, and what waiting costs. */
import { openLoopBenchmark } from '../openLoop.ts';

export const open100 = openLoopBenchmark({
  name: 'open-100',
  perSecond: 100,
  budgets: { cpu: { atMost: 0.5 }, idle: { atMost: 1 } },
});
