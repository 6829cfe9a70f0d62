import { test } from 'vitest';
import {
  decodeGatewayComparisons,
  decodeShadowAnswer,
  decodeShadowJob,
  GATEWAY_COMPARISONS,
  SHADOW_ANSWER,
  SHADOW_JOB,
} from '../../../../src/contract/messages/shadow.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

test('a shadow job is refused with the name of any member that is wrong', () => {
  const job = { v: 1, taskId: 'task', input: { x: 1 }, sentAt: 1, deadline: 2 };
  expectEachMemberChecked(SHADOW_JOB, [job], decodeShadowJob);
});

test('the answer of a shadow is refused with the name of any member that is wrong', () => {
  const timings = { queueMs: 1, batchMs: 1, computeMs: 1, batchSize: 1 };
  const answer = { taskId: 'task', version: '2', timings, prediction: { x: 1 } };
  expectEachMemberChecked(SHADOW_ANSWER, [answer], decodeShadowAnswer);
});

test('the figures of a gateway are refused with the name of any member that is wrong', () => {
  const durations = { sumMs: 1, histogram: { 7: 1 } };
  const comparison = {
    ...{ version: '1', shadowVersion: '2', sent: 3, compared: 2, failed: 1 },
    ...{ latency: durations, compute: durations, shadowLatency: durations, shadowCompute: durations },
    outputs: { x: { count: 1, different: 1, measured: 1, sum: 1, absoluteSum: 1, largest: 1 } },
  };
  const figures = { home: '0a0b0c0d', since: 1, comparisons: [comparison] };
  expectEachMemberChecked(GATEWAY_COMPARISONS, [figures], decodeGatewayComparisons);
});
