/** 100 tasks per second: the cost of a task that is alone in its batch. */
import { openLoopBenchmark } from '../openLoop.ts';

export const open100 = openLoopBenchmark({
  name: 'open-100',
  perSecond: 100,
  budgets: { cpu: { atMost: 0.5 } },
});
