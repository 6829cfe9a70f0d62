import { test } from 'vitest';
import { DATASET_RECORD, decodeDatasetRecord } from '../../../../src/contract/messages/datasetRecord.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const DIGEST = 'a'.repeat(64);
const GOOD = {
  ...{ v: 1, name: 'trips', digest: DIGEST, model: 'churn', owner: 'ada', taskId: 'task', createdAt: 1 },
  ...{ usable: true, rowCount: 1, duplicates: 0 },
  files: [{ name: 'a.csv', sha256: DIGEST, bytes: 1, place: 'FOLDER' }],
  problems: [{ message: 'm', column: 'c', count: 1 }],
  columns: [{ column: 'c', type: 't', nulls: 0, outside: 0, input: 'i', least: '1', most: '2', psi: 0.1 }],
  profile: [{ input: 'i', shares: [1], bounds: [1], names: ['n'] }],
};

test('the record of a dataset is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(DATASET_RECORD, [GOOD], decodeDatasetRecord);
});
