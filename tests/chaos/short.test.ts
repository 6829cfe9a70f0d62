/** A short form of `npm run chaos`: the most useful scenarios, with few tasks. */
import { expect, test } from 'vitest';
import { openDirectModel } from '../support/predictDirectly.ts';
import { play, SCENARIOS } from './scenarios.ts';

/** `results-full` and `cancel-race` kill workers, too. */
const TELLING = ['broker-kill', 'results-full', 'cancel-race'];
const TASKS = 80;

test.for(SCENARIOS.filter(({ name }) => TELLING.includes(name)))(
  '$name: $about, and no task is lost, doubled or wrong',
  async (scenario) => {
    await using model = await openDirectModel();
    const report = await play(scenario, { tasks: TASKS, seconds: 3, seed: 'short' }, model);
    expect(report).toMatchObject({
      accepted: TASKS,
      finished: TASKS,
      lost: 0,
      doubled: 0,
      wrong: 0,
      evidence: [],
    });
    expect(report.kills).toBeGreaterThan(0);
    expect(report.bundled).toBeGreaterThan(0);
  },
);
