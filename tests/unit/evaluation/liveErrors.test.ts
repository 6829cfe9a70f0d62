/** The sums of errors that gateways keep. */
import { describe, expect, test } from 'vitest';
import { DAY_MS, keptFor } from '../../../src/contract/actualsWindow.ts';
import type { Actual } from '../../../src/contract/messages/actual.ts';
import { LiveErrors } from '../../../src/evaluation/liveErrors.ts';
import { seededRandom } from '../../support/random.ts';

const TODAY = 20_000 * DAY_MS;

function actual(error: number, output = 'x'): Actual {
  return {
    v: 1,
    taskId: 't',
    model: 'm',
    version: '1',
    owner: 'anonymous',
    predicted: { [output]: 0 },
    actual: { [output]: error },
    reportedAt: 0,
  };
}

describe('live errors', () => {
  test('are the mean absolute and the root mean squared one, for each output of each version', () => {
    const errors = new LiveErrors();
    errors.add(actual(3), 1, TODAY);
    errors.add(actual(-5), 2, TODAY);
    errors.add({ ...actual(7), version: '2' }, 3, TODAY);
    errors.add(actual(1, 'y'), 4, TODAY);
    expect(errors.of('m', '1', 'x')).toEqual({ count: 2, mae: 4, rmse: Math.sqrt(17) });
    expect(errors.of('m', '2', 'x')).toEqual({ count: 1, mae: 7, rmse: 7 });
    expect(errors.of('m', '1', 'y')).toEqual({ count: 1, mae: 1, rmse: 1 });
    expect(errors.of('m', '3', 'x')).toBeUndefined();
  });

  test('count small errors exactly beside a huge one', () => {
    const errors = new LiveErrors();
    errors.add(actual(1e17), 1, TODAY);
    for (let i = 1; i <= 20_000; i++) errors.add(actual(1), 1 + (i % 9_000), TODAY);
    // 1e17 is even at its last binary digit, 16: added one by one to it, ones would all be lost.
    expect(errors.of('m', '1', 'x')?.mae).toBe((1e17 + 20_000) / 20_001);
  });

  test('are those of today and of 30 days before', () => {
    const errors = new LiveErrors();
    const last = 5;
    [-31, -30, -30, -1, 0].forEach((day, i) => {
      errors.add(actual(1), i + 1, TODAY + day * DAY_MS + 1);
    });
    const counts = [0, 1].map((day) => {
      errors.advance({ now: TODAY + (day + 1) * DAY_MS - 1, firstSequence: 1, lastSequence: last });
      return errors.of('m', '1', 'x')?.count;
    });
    expect(counts).toEqual([4, 2]);
  });

  test('are told beside what they were at the end of a day, if they were known then', () => {
    const errors = new LiveErrors();
    errors.add(actual(1), 1, TODAY - 2 * DAY_MS);
    errors.add(actual(5), 2, TODAY - DAY_MS);
    errors.add(actual(9), 3, TODAY);
    errors.add(actual(9, 'y'), 4, TODAY);
    expect(errors.changesSince(TODAY / DAY_MS - 2)).toEqual([
      { model: 'm', version: '1', output: 'x', count: 3, mae: 5, formerMae: 1 },
    ]);
  });

  test('go with the reports that were purged', () => {
    const errors = new LiveErrors();
    errors.add(actual(1), 1, TODAY);
    errors.add(actual(1), 2, TODAY);
    errors.advance({ now: TODAY, firstSequence: 2, lastSequence: 2 });
    expect(errors.of('m', '1', 'x')?.count).toBe(2);
    errors.advance({ now: TODAY, firstSequence: 3, lastSequence: 2 });
    expect(errors.of('m', '1', 'x')).toBeUndefined();
  });

  test('are equal to the last bit in a gateway that has read for long and in one that begins with the kept reports', () => {
    const window = { days: 30, block: 100, blocks: 100 };
    const kept = keptFor(window);
    const random = seededRandom(5);
    const reports = Array.from({ length: kept.count + 250 }, () => random.number(1e9) / 1e7 - 50);
    const storedAt = (sequence: number) => TODAY + Math.floor(sequence / 2_000) * DAY_MS;
    const old = new LiveErrors(window);
    for (const [i, error] of reports.entries()) {
      old.add(actual(error), i + 1, storedAt(i + 1));
      const lastSequence = i + 1;
      if (lastSequence % 99 !== 0 && lastSequence < reports.length) continue;
      old.advance({ now: storedAt(lastSequence), firstSequence: 1, lastSequence });
    }
    const young = new LiveErrors(window);
    const lastSequence = reports.length;
    const firstSequence = lastSequence - kept.count + 1;
    for (let sequence = firstSequence; sequence <= lastSequence; sequence++)
      young.add(actual(reports[sequence - 1] ?? Number.NaN), sequence, storedAt(sequence));
    young.advance({ now: storedAt(lastSequence), firstSequence, lastSequence });
    const error = old.of('m', '1', 'x');
    expect(young.of('m', '1', 'x')).toEqual(error);
    expect(error?.count).toBeGreaterThan(10_000);
    expect(error?.count).toBeLessThan(kept.count);
  });
});
