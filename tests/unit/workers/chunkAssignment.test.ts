/** The results of the rows of one chunk, while a worker runs them. */
import { expect, test } from 'vitest';
import type { Broker } from '../../../src/broker/broker.ts';
import type { ChunkResult } from '../../../src/contract/messages/chunkResult.ts';
import { encodeMessage } from '../../../src/contract/messages/decoder.ts';
import { subjects } from '../../../src/contract/subjects.ts';
import { ChunkAssignment } from '../../../workers/chunkAssignment.ts';
import { addressOf } from '../../support/jobs.ts';
import { bundleOf, deliveryOf, jobsOf, MadeBroker, NOW } from '../../support/madeWork.ts';

const RUN = { formedAt: NOW, startedAt: NOW, computeMs: 1, batchSize: 2 };

test('the result of a chunk has the values of all its runs, and each failed row with its index among all rows', async () => {
  const [{ input: _, ...job } = { input: {} }] = jobsOf([1]);
  const chunkJob = {
    ...job,
    batch: { rowCount: 9, rowsPerChunk: 5 },
    chunk: 1,
    columns: { x: [1, 2, 300, 4] },
  };
  const delivery = {
    ...deliveryOf(bundleOf([1])),
    subject: subjects.chunkJob(addressOf(chunkJob as never), '1', 1),
    data: Buffer.from(encodeMessage(chunkJob)),
  };
  const { options } = new MadeBroker();
  const results: ChunkResult[] = [];
  const progress: unknown[] = [];
  const broker = {
    ...options.broker,
    notices: {
      announceRunning: (_home: string, notice: { progress: unknown }) => progress.push(notice.progress),
    },
    chunks: {
      store: async (result: ChunkResult) => {
        results.push(result);
        return { type: 'stored' };
      },
      wholeTally: async () => undefined,
    },
  } as unknown as Broker;
  const chunk = new ChunkAssignment(delivery, { ...options, broker });
  expect(chunk.begin()).toEqual([0, 1, 3]);
  chunk.started([0, 3], NOW);
  chunk.end([0, 3], { columns: { y: [1.5, 2.5] }, run: RUN });
  expect(delivery.verdicts).toEqual([]);
  chunk.end([1], { error: { code: 'RUN_TIMEOUT', message: 'x'.repeat(1_000) }, run: RUN });
  await chunk.gone;
  expect(delivery.verdicts).toEqual(['ack']);
  const [{ columns, errors, rowsFailed } = { columns: {}, errors: [], rowsFailed: 0 }] = results;
  expect(columns).toEqual({ y: [1.5, null, null, 2.5] });
  expect(errors.map(({ row, code }) => [row, code])).toEqual([
    [6, 'RUN_TIMEOUT'],
    [7, 'MALFORMED_JOB'],
  ]);
  expect(errors[0]?.message).toHaveLength(200);
  expect(rowsFailed).toBe(2);
  expect(progress.at(-1)).toEqual({ chunk: 1, rowsDone: 4, rowsFailed: 2 });
});
