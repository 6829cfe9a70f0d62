import { expect, test, vi } from 'vitest';
import { brokerUnavailable } from '../../../src/contract/errors.ts';
import { patiently } from '../../../src/tasks/patience.ts';

/** A question to a broker that is away so many times. */
function askAway(times: number) {
  const stopping = new AbortController();
  const options = { broker: { whenConnected: async () => {} }, signal: stopping.signal };
  const ask = vi.fn(async () => {
    if (ask.mock.calls.length <= times) throw brokerUnavailable('it elects a leader');
    return 'answer';
  });
  return { stopping, ask, answer: patiently(options, ask) };
}

test('a question is asked again until the broker answers', async () => {
  const { ask, answer } = askAway(2);
  expect(await answer).toBe('answer');
  expect(ask).toHaveBeenCalledTimes(3);
});

test('a gateway that stops tells the refusal of the broker', async () => {
  const { stopping, answer } = askAway(Number.POSITIVE_INFINITY);
  stopping.abort();
  await expect(answer).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
});

test('another error is told at once', async () => {
  const options = { broker: { whenConnected: async () => {} }, signal: new AbortController().signal };
  const ask = vi.fn(() => Promise.reject(new Error('other')));
  await expect(patiently(options, ask)).rejects.toThrow('other');
  expect(ask).toHaveBeenCalledTimes(1);
});
