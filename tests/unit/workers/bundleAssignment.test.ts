/** When a bundle leaves its queue, and what is stored before. */
import { expect, test } from 'vitest';
import { jobIn } from '../../../src/contract/messages/bundle.ts';
import type { EndsPart } from '../../../src/contract/messages/ends.ts';
import { BundleAssignment } from '../../../workers/bundleAssignment.ts';
import { bundleOf, deliveryOf, MadeBroker, NOW } from '../../support/madeWork.ts';

const RUN = { formedAt: NOW, startedAt: NOW, computeMs: 1, batchSize: 3 };

test('a bundle leaves its queue once the end of its last row is stored, and not before', async () => {
  const broker = new MadeBroker();
  const delivery = deliveryOf(bundleOf([1, 2, 3]));
  const assignment = new BundleAssignment(delivery, broker.options);
  expect(assignment.begin()).toEqual([0, 1, 2]);
  {
    using _held = broker.holdWrites();
    assignment.end([0, 2], { columns: { y: [10, 30] }, run: RUN });
    assignment.end([1], { error: { code: 'WORKER_CRASHED', message: 'x' }, run: RUN });
    await new Promise(setImmediate);
    expect(delivery.verdicts).toEqual([]);
  }
  await assignment.gone;
  expect(delivery.verdicts).toEqual(['ack']);
  expect(broker.log.filter((line) => !line.startsWith('finished'))).toEqual([
    'dead WORKER_CRASHED of 1',
    'end SUCCEEDED of 0,2',
    'end FAILED of 1',
  ]);
  expect(broker.log).toEqual(expect.arrayContaining(['finished 2', 'finished 1']));
  expect(broker.parts[0]).toMatchObject({ columns: { y: [10, 30] }, run: RUN, attempts: 0 });
});

test('a row with a wrong value fails alone, and its job is kept', async () => {
  const broker = new MadeBroker();
  const bundle = bundleOf([1, 200, 3]);
  const assignment = new BundleAssignment(deliveryOf(bundle), broker.options);
  expect(assignment.begin()).toEqual([0, 2]);
  assignment.end([0, 2], { columns: { y: [10, 30] }, run: RUN });
  await assignment.gone;
  expect(broker.log).toContain('dead MALFORMED_JOB of 1');
  const failed = broker.parts.find(({ state }) => state === 'FAILED');
  expect(failed?.error?.message).toContain('x must be a number from 0 to 100 (parts), got 200');
  expect(jobIn(bundle, 1).input).toEqual({ x: 200 });
});

test('a bundle with a column of another length fails as a whole, row by row', async () => {
  const broker = new MadeBroker();
  const assignment = new BundleAssignment(
    deliveryOf({ ...bundleOf([1, 2]), columns: { x: [1] } }),
    broker.options,
  );
  expect(assignment.begin()).toEqual([]);
  await assignment.gone;
  expect(broker.parts.map(({ rows, error }) => [rows, error?.code])).toEqual([
    [[0], 'MALFORMED_JOB'],
    [[1], 'MALFORMED_JOB'],
  ]);
});

test('a bundle that comes again has only its rows without an end left, and leaves its queue if there are none', async () => {
  const broker = new MadeBroker();
  const first = new BundleAssignment(deliveryOf(bundleOf([1, 2, 3]), 2), broker.options);
  expect(first.needsPreparation).toBe(true);
  broker.ended = [{ rows: [0, 2] } as unknown as EndsPart];
  await first.prepare();
  expect(first.begin()).toEqual([1]);

  const delivery = deliveryOf(bundleOf([1, 2, 3]), 2);
  const second = new BundleAssignment(delivery, broker.options);
  broker.ended = [{ rows: [0, 1, 2] } as unknown as EndsPart];
  await second.prepare();
  expect(second.begin()).toEqual([]);
  expect(delivery.verdicts).toEqual(['ack']);
});

test('the ends of a bundle are read before a first delivery runs if it has several rows and has waited', () => {
  const broker = new MadeBroker();
  const needsPreparation = (values: readonly number[], waitedMs: number) => {
    broker.time = NOW + waitedMs;
    return new BundleAssignment(deliveryOf(bundleOf(values)), broker.options).needsPreparation;
  };
  expect([needsPreparation([1, 2], 0), needsPreparation([1, 2], 101), needsPreparation([1], 101)]).toEqual([
    ...[false, true, false],
  ]);
});
