import { test } from 'vitest';
import { decodeFigures, FIGURES } from '../../../../src/contract/messages/figures.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

test('the figures of a process are refused with the name of any member that is wrong', () => {
  const figures = {
    id: 'gateway-1',
    startedAt: 1,
    upMs: 2.5,
    cpuMs: 1,
    memoryBytes: 3,
    eventLoopDelayMs: 0,
    slots: { count: 2, usedMs: 7 },
    gateway: {
      connections: 1,
      subscriptions: 1,
      models: [
        { model: 'm', accepted: 4, refused: 0, succeeded: 3, failed: 1, bounds: [0.1], counts: [3, 1] },
      ],
    },
  };
  expectEachMemberChecked(FIGURES, [figures], decodeFigures);
});
