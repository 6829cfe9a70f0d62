import { expect, test } from 'vitest';
import { completeBatching, completeNames } from '../../../src/models/manifest.ts';

test('names and sizes for many rows follow from the other members if a manifest leaves them out', () => {
  const types = { inputType: 'I', predictionType: 'Trip' };
  expect(completeNames({ mutation: 'predictTrip', ...types })).toMatchObject({
    batchMutation: 'predictTrips',
    columnsType: 'TripColumns',
  });
  expect(completeNames({ mutation: 'guess', ...types }).batchMutation).toBe('guesses');
  expect(completeNames({ mutation: 'guess', batchMutation: 'guessAll', ...types }).batchMutation).toBe(
    'guessAll',
  );
  const bulkOf = (maxBatchSize: number) => completeBatching({ maxBatchSize, maxWaitMs: 0 }).maxBulkBatchSize;
  expect([1, 2, 64, 4_096].map(bulkOf)).toEqual([1, 8, 256, 4_096]);
});
