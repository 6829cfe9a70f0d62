/** A short form of `npm run chaos`: the scenarios that tell most, with few tasks. */
import { expect, test } from 'vitest';
import { openDirectModel } from '../support/predictDirectly.ts';
import { play, SCENARIOS } from './scenarios.ts';

const TELLING = ['worker-kill', 'broker-kill', 'results-full', 'cancel-race'];

test.for(SCENARIOS.filter(({ name }) => TELLING.includes(name)))(
  '$name: $about, and nothing is lost, doubled or wrong',
  { timeout: 90_000 },
  async (scenario) => {
    await using model = await openDirectModel();
    const report = await play(scenario, { tasks: 300, seconds: 3, seed: 'short' }, model);
    expect(report).toMatchObject({
      accepted: 300,
      finished: 300,
      lost: 0,
      doubled: 0,
      wrong: 0,
      evidence: [],
    });
    expect(report.kills).toBeGreaterThan(0);
  },
);
