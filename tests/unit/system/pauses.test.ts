import { expect, test } from 'vitest';
import type { ConsumedLane } from '../../../src/broker/streams.ts';
import { Lane } from '../../../src/contract/subjects.ts';
import type { Model } from '../../../src/models/models.ts';
import { Pauses } from '../../../src/system/pauses.ts';
import type { LaneOfQueue } from '../../../src/system/queues.ts';

function laneWith(lane: Lane, waiting: number): LaneOfQueue {
  return { model: 'm', version: '1', lane, messages: { waiting, inHand: 0 } } as LaneOfQueue;
}

test('workers are called to the lanes in which messages wait when a model is resumed, not when it is paused', async () => {
  const nudged: ConsumedLane[] = [];
  const waiting = laneWith(Lane.Interactive, 2);
  const pauses = new Pauses({
    broker: { queues: { setPaused: async () => {} }, notices: { nudge: (lane) => nudged.push(lane) } },
    queues: { list: async () => [waiting, laneWith(Lane.Bulk, 0)], forget() {} },
    models: [{ manifest: { name: 'm' } } as Model],
  });
  await pauses.set('m', true);
  expect(nudged).toEqual([]);
  await pauses.set('m', false);
  expect(nudged).toEqual([waiting]);
});
