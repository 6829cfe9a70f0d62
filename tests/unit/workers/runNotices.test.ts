/** Which runs are announced to which gateways, and when. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Broker } from '../../../src/broker/broker.ts';
import type { RunningNotice } from '../../../src/contract/messages/notices.ts';
import { RunNotices } from '../../../workers/runNotices.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function open() {
  const told: [string, RunningNotice][] = [];
  let want = (_home: string) => {};
  const notices = {
    announceRunning: (home: string, notice: RunningNotice) => told.push([home, notice]),
    listenUpdatesWanted: (listener: typeof want) => {
      want = listener;
      return { [Symbol.dispose]: () => {} };
    },
  } as unknown as Broker['notices'];
  const runNotices = new RunNotices({ broker: { notices } });
  const tasks = ['a', 'a', 'b'].map((home, i) => ({ home, taskId: `task-${i}`, attempts: i }));
  const start = () => runNotices.started(() => tasks, 7);
  return { told, start, want: (home: string) => want(home) };
}

const A = { startedAt: 7, taskIds: ['task-0', 'task-1'], attempts: [0, 1] };
const B = { startedAt: 7, taskIds: ['task-2'], attempts: [2] };

test('a short run is not announced, a longer one once to each home', () => {
  const { told, start } = open();
  start()[Symbol.dispose]();
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
  start();
  vi.advanceTimersByTime(5);
  expect(told).toEqual([
    ['a', A],
    ['b', B],
  ]);
});

test('a run is announced at once to a home that has lately said that clients watch, and not again', () => {
  const { told, start, want } = open();
  want('b');
  start();
  expect(told).toEqual([['b', B]]);
  vi.advanceTimersByTime(5);
  expect(told.slice(1)).toEqual([['a', A]]);
  vi.advanceTimersByTime(5_000);
  start()[Symbol.dispose]();
  expect(told).toHaveLength(2);
});
