/** When acks are written. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Acks } from '../../../src/broker/acks.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function openAcks() {
  const written: string[] = [];
  const acks = new Acks();
  return { acks, written, add: (name: string) => acks.add(() => written.push(name)) };
}

test('acks wait for the next write, and each is written once', () => {
  const { acks, written, add } = openAcks();
  add('a');
  add('b');
  expect(written).toEqual([]);
  acks.send();
  acks.send();
  expect(written).toEqual(['a', 'b']);
});

test('without a write, an ack is written after 100 ms at most', () => {
  const { acks, written, add } = openAcks();
  add('a');
  vi.advanceTimersByTime(60);
  add('b');
  vi.advanceTimersByTime(40);
  expect(written).toEqual(['a', 'b']);
  acks.send();
  add('c');
  vi.advanceTimersByTime(100);
  expect(written).toEqual(['a', 'b', 'c']);
});

test('a process that closes writes the acks that wait, and leaves no timer', () => {
  const { acks, written, add } = openAcks();
  add('a');
  acks[Symbol.dispose]();
  expect(written).toEqual(['a']);
  expect(vi.getTimerCount()).toBe(0);
});
