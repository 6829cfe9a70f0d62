/** docs/protocol.md against the contract: its streams and subjects are all there are, and its messages can be decoded. */
import { describe, expect, test } from 'vitest';
import { decodeActual } from '../../src/contract/messages/actual.ts';
import { decodeAuditEntry } from '../../src/contract/messages/auditEntry.ts';
import { decodeBlobEnd } from '../../src/contract/messages/blobEnd.ts';
import { decodeBundle, type QueuedBundle } from '../../src/contract/messages/bundle.ts';
import { decodeChunkResult } from '../../src/contract/messages/chunkResult.ts';
import { decodeDeadLetter } from '../../src/contract/messages/deadLetter.ts';
import { encodeMessage } from '../../src/contract/messages/decoder.ts';
import { decodeEnds } from '../../src/contract/messages/ends.ts';
import { decodeFigures } from '../../src/contract/messages/figures.ts';
import { decodeChunkJob, decodeJob, decodeRowBatchJob, type Job } from '../../src/contract/messages/job.ts';
import { decodeKeyRecord } from '../../src/contract/messages/keyRecord.ts';
import { decodeWorkerPresence } from '../../src/contract/messages/presence.ts';
import { decodeRequestRecord } from '../../src/contract/messages/requestRecord.ts';
import { decodeResult } from '../../src/contract/messages/result.ts';
import { decodeRolloutRecord } from '../../src/contract/messages/rolloutRecord.ts';
import { decodeWorkJob } from '../../src/contract/messages/work.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { KEY_PARTS, Lane, streams, subjects } from '../../src/contract/subjects.ts';
import { parseTaskId, type TaskAddress } from '../../src/contract/taskId.ts';
import { StepName } from '../../src/contract/work.ts';
import { parseWorkId, type WorkAddress } from '../../src/contract/workId.ts';
import { blocksIn, readDocument } from '../support/documents.ts';

const document = readDocument('docs/protocol.md');
const job = example('Job') as unknown as Job;
const { taskId, model, version } = job;
const address = parseTaskId(taskId) as TaskAddress;
const { home } = address;
const work = parseWorkId(String(example('Work').taskId)) as WorkAddress;
const place = { address, version, lane: Lane.Interactive };

test('the streams are those of the contract', () => {
  const names = Object.values(streams).map((name) => (typeof name === 'string' ? name : name('<model>')));
  expect(firstColumn('Streams').toSorted()).toEqual(names.toSorted());
});

test('the subjects are those of the contract', () => {
  const used = [
    subjects.job(place),
    subjects.job({ ...place, lane: Lane.Batch }),
    subjects.chunkJob(address, version, 0),
    subjects.chunk(taskId, 0),
    subjects.ends(address, ANONYMOUS),
    subjects.ended(address),
    subjects.result(address),
    subjects.final(address),
    subjects.request('a1'),
    subjects.dead(model, taskId),
    subjects.diedOf(model).replace('*', taskId),
    subjects.suspect({ taskId }),
    subjects.suspect({ taskId, place: { chunk: 0, row: 17 } }),
    subjects.rollout(model),
    subjects.rolloutChanges.replace('*', model),
    subjects.actual(job),
    ...KEY_PARTS.map((part) => subjects.key('0123456789ab', part)),
    subjects.keyUse('0123456789ab'),
    subjects.auditActions('0'),
    subjects.auditRefusals('f'),
    subjects.blobChunk(ANONYMOUS, 'a1', 0),
    subjects.blobEnd(ANONYMOUS, 'a1'),
    subjects.artifactChunk('a1', 0),
    subjects.artifactEnd('a1'),
    subjects.artifactRenewed('a1'),
    subjects.work(work),
    subjects.stepJob(work, StepName.Train, 'cpu'),
    subjects.step(work.id, StepName.Train),
    subjects.workRequest('a1'),
    subjects.run(work),
    subjects.ran(work.id),
    subjects.progress(work.id),
    subjects.working(work.id),
    subjects.logs(work.id),
    subjects.logged(work.id),
    subjects.dataset('trips', 'a1'),
    subjects.version(model, '4', 'record'),
    subjects.version(model, '4', 'retired'),
    subjects.versionChanges.replace('*.*.*', `${model}.4.record`),
    subjects.probe,
    subjects.running(home),
    subjects.moved(home),
    subjects.presentState(home),
    subjects.queuedJobs,
    subjects.used,
    subjects.updatesWanted,
    subjects.workerPresence,
    subjects.workerLeft,
    subjects.askWorkers,
    subjects.askFigures,
    subjects.figures('gateway'),
    subjects.nudge({ model, version, lane: Lane.Interactive }),
    subjects.shadowJobs(model, version),
    subjects.shadowAnswers(home),
    subjects.comparisons,
  ];
  const described = firstColumn('Subjects').map(
    (subject) => new RegExp(`^${subject.replaceAll(/[.$]/g, '\\$&').replaceAll(/<\w+>/g, '[^.]+')}$`),
  );
  expect(used.filter((subject) => !described.some((pattern) => pattern.test(subject)))).toEqual([]);
  expect(described.filter((pattern) => !used.some((subject) => pattern.test(subject)))).toEqual([]);
});

describe('an example can be decoded', () => {
  const shape = { rowCount: 1002, rowsPerChunk: 1000 };
  const decoders: Readonly<Record<string, (data: Uint8Array, message: Record<string, unknown>) => unknown>> =
    {
      Job: (data) => decodeJob(data, subjects.job(place)),
      Ends: (data) => {
        const { address: bundle, ...ends } = decodeEnds(data, subjects.ends(address, ANONYMOUS));
        return { v: 2, model: bundle.model, second: bundle.deadlineSecond, ...ends };
      },
      'Chunk result': (data, message) => decodeChunkResult(data, String(message.taskId), shape, 1),
      'Tasks of 0.2': (data, message) => ({ v: 1, ...decodeResult(data, String(message.id)) }),
      'API key': decodeKeyRecord,
      'Request record': (data) => decodeRequestRecord(data, { model, owner: job.owner }, job.submittedAt),
      Rollout: decodeRolloutRecord,
      'Dead letter': (data) => decodeDeadLetter(data, subjects.dead(model, taskId)),
      'Audit entry': decodeAuditEntry,
      Blob: decodeBlobEnd,
      Actual: (data) => decodeActual(data, subjects.actual(job)),
      Presence: decodeWorkerPresence,
      Figures: decodeFigures,
      Work: decodeWorkJob,
    };

  test.each(Object.entries(decoders))('%s', (heading, decode) => {
    const message = example(heading);
    expect(decode(Buffer.from(encodeMessage(message)), message)).toEqual(message);
  });

  test('Bundle', () => {
    const message = example('Bundle');
    const bundle: QueuedBundle = decodeBundle(Buffer.from(encodeMessage(message)), subjects.job(place));
    expect({ v: 2, count: bundle.rows.length, ...bundle }).toMatchObject(message);
  });

  test('Row batch and chunk', () => {
    const message = example('Row batch and chunk');
    const batch = parseTaskId(String(message.taskId)) as TaskAddress;
    const decodedAs = (data: object) => Buffer.from(encodeMessage(data));
    const subject = subjects.job({ ...place, address: batch, lane: Lane.Batch });
    expect(decodeRowBatchJob(decodedAs(message), subject)).toEqual(message);
    const chunk = { ...message, chunk: 1, columns: { pickupLocationId: { all: 74 } } };
    expect(decodeChunkJob(decodedAs(chunk), `${subject}.1`)).toEqual(chunk);
  });
});

/** The first JSON block under a heading. */
function example(heading: string): Record<string, unknown> {
  const block = blocksIn(section(heading)).find(({ language }) => language === 'json');
  return JSON.parse(block?.text ?? '');
}

/** What stands in code in the first column of the table under a heading. */
function firstColumn(heading: string): readonly string[] {
  return [...section(heading).matchAll(/^\| `([^`]+)` \|/gm)].map(([, text = '']) => text);
}

function section(heading: string): string {
  const [, text] = new RegExp(`^##+ ${heading}$(.*?)(?=^##|$(?![^]))`, 'ms').exec(document) ?? [];
  if (text === undefined) throw new Error(`docs/protocol.md must have the heading ${heading}`);
  return text;
}
