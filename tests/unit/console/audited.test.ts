import { expect, test } from 'vitest';
import { actionsOf } from '../../../console/src/pages/operate/audited.ts';

const NOTHING = { target: null, code: null, asked: null, before: null, after: null, leftOut: 0 };

function entry(id: string, outcome: 'BEGUN' | 'DONE' | 'REFUSED', seconds: number, facts = {}) {
  const at = new Date(1_000 * seconds).toISOString();
  return { id, at, outcome, action: 'pauseModel', owner: 'ann', address: null, ...NOTHING, ...facts };
}

test('the begin and the end of an action become one, with what was asked and what came of it', () => {
  const actions = actionsOf([
    entry('b', 'REFUSED', 5),
    entry('a', 'DONE', 4, { after: '{"isPaused":true}' }),
    entry('c', 'BEGUN', 3),
    entry('a', 'BEGUN', 2, { asked: '{"model":"churn"}', before: '{"isPaused":false}' }),
  ]);
  expect(actions).toMatchObject([
    { id: 'b', outcome: 'REFUSED', tookMs: null },
    {
      ...{ id: 'a', outcome: 'DONE', at: '1970-01-01T00:00:02.000Z', tookMs: 2_000 },
      ...{ asked: '{"model":"churn"}', before: '{"isPaused":false}', after: '{"isPaused":true}' },
    },
    { id: 'c', outcome: 'BEGUN', tookMs: null },
  ]);
});
