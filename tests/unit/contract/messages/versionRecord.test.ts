import { expect, test } from 'vitest';
import {
  decodeRetiredVersion,
  decodeVersionRecord,
  RETIRED_VERSION,
  VERSION_RECORD,
} from '../../../../src/contract/messages/versionRecord.ts';
import { subjects } from '../../../../src/contract/subjects.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const DIGEST = 'a1'.repeat(32);
const RECORD = {
  v: 1,
  model: 'trip-duration',
  version: '4',
  files: [{ path: 'model.onnx', sha256: DIGEST, bytes: 1234 }],
  sha256: DIGEST,
  created: 1795340691147,
  owner: 'local',
  metrics: [{ data: 'green 2021-03', name: 'RMSE', unit: 'minutes', value: 5.8 }],
  gates: [
    { name: 'rmse of durationMinutes', verdict: 'PASS', count: 900, observed: 5.8, live: 5.9, limit: 6 },
  ],
  profile: [{ input: 'tripDistanceMiles', shares: [0.5, 0.5], bounds: [1.4], names: ['one'] }],
  taskId: 'trip_duration_15c2adcc_1795347952_t10541a7103ef56c36cf8ed87cfca98ad43ed',
  provenance: {
    runKey: DIGEST,
    datasets: [{ name: 'trips', digest: DIGEST, use: 'TRAIN' }],
    recipe: { file: 'train.py', sha256: DIGEST },
    params: { trees: 300 },
    seed: 0,
    environment: 'Python 3.11',
    reproducible: true,
    trainer: 'trainer-0a1b2c3d',
    revision: '4e50e8a',
  },
  signature: 'c2lnbmF0dXJl',
};
const SUBJECT = subjects.version('trip-duration', '4', 'record');

function decode(record: unknown, subject = SUBJECT) {
  return decodeVersionRecord(Buffer.from(JSON.stringify(record)), subject);
}

test('a version and its end are refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(VERSION_RECORD, [RECORD], (data) => decodeVersionRecord(data, SUBJECT));
  expectEachMemberChecked(
    RETIRED_VERSION,
    [{ v: 1, retiredAt: 1795340691147, by: 'local' }],
    decodeRetiredVersion,
  );
  expect(decode(RECORD)).toEqual(RECORD);
});

test('a record of another model or version than its subject says is refused', () => {
  expect(() => decode(RECORD, subjects.version('churn', '4', 'record'))).toThrow('model must be "churn"');
  expect(() => decode(RECORD, subjects.version('trip-duration', '5', 'record'))).toThrow(
    'version must be "5"',
  );
});

test.each(['../model.onnx', '/etc/passwd', '.hidden', 'a/../b', 'a//b', 'a\\b', ''])(
  'a record with a file that would not lie inside the folder is refused: %j',
  (path) => {
    const files = [{ path, sha256: DIGEST, bytes: 1 }];
    expect(() => decode({ ...RECORD, files })).toThrow('files[0].path must be a path inside a folder');
  },
);

test('a record with two files of the same path is refused', () => {
  const [file] = RECORD.files;
  expect(() => decode({ ...RECORD, files: [file, file] })).toThrow('files must be files with a path each');
});
