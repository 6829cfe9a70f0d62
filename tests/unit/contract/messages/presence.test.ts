import { test } from 'vitest';
import {
  decodeWorkerLeft,
  decodeWorkerPresence,
  WORKER_LEFT,
  WORKER_PRESENCE,
} from '../../../../src/contract/messages/presence.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const VERSION = { model: 'churn', version: '1' };

test('the presence of a worker is refused with the name of any member that is wrong', () => {
  const presence = {
    id: 'worker',
    startedAt: 1,
    reads: 2,
    models: [{ ...VERSION, executionProvider: 'cpu', finishedLastMinute: 3, environment: 'Node v26' }],
    refused: [{ ...VERSION, reason: 'x' }],
    leaving: [VERSION],
  };
  expectEachMemberChecked(WORKER_PRESENCE, [presence], decodeWorkerPresence);
});

test('the farewell of a worker names it', () => {
  expectEachMemberChecked(WORKER_LEFT, [{ id: 'worker' }], decodeWorkerLeft);
});
