/** What a stream's acknowledgement means. */
import type { Msg } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { outcomeOf } from '../../../src/broker/publishOutcome.ts';

function replyOf(text: string): Msg {
  return { data: Buffer.from(text), json: () => JSON.parse(text) } as unknown as Msg;
}

function refusal(code: number, err_code: number, description: string): Msg {
  return replyOf(JSON.stringify({ error: { code, err_code, description } }));
}

test('a stream that tells where it has put a message has stored it', () => {
  expect(outcomeOf(replyOf('{"stream":"RESULTS","seq":7}'))).toEqual({ type: 'stored' });
});

test.each([
  ['a subject that is written once', 503, 10_077, 'maximum messages per subject exceeded', 0, 'alreadyThere'],
  ['a stream with as many messages as it may have', 503, 10_077, 'maximum messages exceeded', 0, 'full'],
  ['a stream with as many bytes as it may have', 503, 10_077, 'maximum bytes exceeded', 0, 'full'],
  ['a disk that fails', 503, 10_077, 'write error: no space left on device', 0, 'unanswered'],
  ['a first message that is the second', 400, 10_071, 'wrong last sequence: 3', 0, 'alreadyThere'],
  ['a message after another one than expected', 400, 10_071, 'wrong last sequence: 3', 2, 'changed'],
  ['a message in a cluster after another one', 400, 10_164, 'wrong last sequence', 2, 'changed'],
  ['a stream without a leader', 503, 10_008, 'system temporarily unavailable', 0, 'unanswered'],
  ['too many requests', 429, 10_167, 'too many requests', 0, 'unanswered'],
  [
    'a message that is too large for its stream',
    400,
    10_054,
    'message size exceeds maximum allowed',
    0,
    'refused',
  ],
])('%s', (_what, code, errorCode, description, after, type) => {
  expect(outcomeOf(refusal(code, errorCode, description), after)).toEqual({ type, reason: description });
});

test.each(['', 'no JSON', '{}', '[]', '7', '{"stream":1,"seq":"x"}'])(
  'an answer of %j leaves open whether the message was stored',
  (text) => {
    expect(outcomeOf(replyOf(text)).type).toBe('unanswered');
  },
);

test('a forged refusal with objects as its members, or with a long text, is an outcome all the same', () => {
  const members = { toString: 1, valueOf: 1 };
  const forged = replyOf(
    JSON.stringify({ error: { code: members, err_code: members, description: members } }),
  );
  expect(outcomeOf(forged)).toEqual({ type: 'refused', reason: 'no reason given' });
  const { reason } = outcomeOf(refusal(400, 1, 'x'.repeat(1_000_000))) as { reason: string };
  expect(reason).toHaveLength(200);
});
