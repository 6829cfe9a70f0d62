/** The decisions that a score is bound to from its beginning to its end. */
import { expect, test } from 'vitest';
import { checkSame, draftOf, type Plan } from '../../../../src/cli/score/plan.ts';
import type { ModelView } from '../../../../src/cli/score/tidings.ts';
import type { DateFormat } from '../../../../src/data/timeFormat.ts';

const NONE_REQUESTED: ReadonlyMap<string, DateFormat> = new Map();

const SERVED = ['1', '2', '3'].map((version) => ({ version, state: 'SERVED', digest: `digest ${version}` }));

function model(view: Partial<ModelView> = {}): ModelView {
  const names = { name: 'm', batchMutation: 'b', inputType: 'I', columnsType: 'C' };
  return { ...names, inputs: [], outputs: [], versions: SERVED, rollout: null, ...view };
}

function plan(view: Partial<ModelView> = {}, modelVersion?: string, kept?: Plan): Plan {
  const draft = { model: model(view), file: { digest: 'd' }, mapped: [], delimiter: ',', modelVersion, kept };
  return { ...draftOf(draft), dateFormats: kept?.dateFormats ?? {}, hasDecimalCommas: false };
}

function shares(...percents: readonly number[]) {
  return percents.map((percent, i) => ({ version: String(i + 1), percent, isThere: i !== 2 }));
}

test('the version is the one that answers all tasks if the command names none', () => {
  expect(plan().version).toBe('3');
  expect(plan({ versions: SERVED.with(2, { version: '3', state: 'WAITING', digest: '' }) }).version).toBe(
    '2',
  );
  expect(plan({ rollout: shares(0, 100) }).version).toBe('2');
  expect(plan({ rollout: shares(90, 10) }, '1').version).toBe('1');
  expect(() => plan({ rollout: shares(90, 10) })).toThrow('go to version 1 (90 %) and 2 (10 %): say with');
  expect(() => plan({ rollout: shares(0, 0, 100) })).toThrow('go to version 3 (100 %, gone): say with');
  expect(() => plan({ versions: [] })).toThrow('no live worker serves m');
  expect(() => plan({}, '9')).toThrow('must be a version of m that can be had (1, 2, 3), got 9');
});

test('a score that goes on keeps its first version and instant, though another version answers by now', () => {
  const begun = {
    ...plan({}, '1'),
    now: '2026-01-01T12:00:00.000Z',
    dateFormats: { at: 'dd/mm/yyyy' } as const,
  };
  expect(plan({ rollout: shares(0, 100) }, undefined, begun)).toEqual(begun);
  const same = { kept: begun, draft: plan({}, undefined, begun), requested: NONE_REQUESTED };
  expect(() => checkSame('out.csv', same)).not.toThrow();
  const other = { ...plan({ outputs: [] }, '2', begun), fileDigest: 'e' };
  expect(() => checkSame('out.csv', { ...same, draft: other })).toThrow(
    'out.csv.partial holds part of another score, which differs in --model-version, the model of the version, the content of the file. Delete it to start again.',
  );
});

test('a score that goes on keeps how dates are read, and refuses another order', () => {
  const kept: Plan = { ...plan(), dateFormats: { at: 'dd/mm/yyyy' } };
  const check = (requested: ReadonlyMap<string, DateFormat>) => () =>
    checkSame('out.csv', { kept, draft: kept, requested });
  expect(check(NONE_REQUESTED)).not.toThrow();
  expect(check(new Map([['at', 'dd/mm/yyyy']]))).not.toThrow();
  expect(check(new Map([['at', 'mm/dd/yyyy']]))).toThrow(
    'which differs in --date-format. Delete it to start again.',
  );
});
