/** Which workers a gateway takes for alive. The workers' messages are played. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WorkerPresence } from '../../../src/contract/messages/presence.ts';
import { LiveWorkers } from '../../../src/rollout/presence.ts';

const LISTENING = { [Symbol.dispose]: () => {} };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function openWorkers() {
  const played = {
    questions: 0,
    present: (_presence: WorkerPresence) => {},
    connected: (_connected: boolean) => {},
  };
  const broker = {
    notices: {
      listenWorkers: ({ present }: { present: (presence: WorkerPresence) => void }) => {
        played.present = present;
        return LISTENING;
      },
      askWorkers: () => void played.questions++,
    },
    onConnectionChange: (listener: (connected: boolean) => void) => {
      played.connected = listener;
      return LISTENING;
    },
  } as never;
  const workers = new LiveWorkers({ broker, modelsDir: '/srv/models' });
  const announce = (id: string, refused?: WorkerPresence['refused']) =>
    played.present({ id, startedAt: 0, models: [], ...(refused && { refused }) });
  return { workers, played, announce, ids: () => workers.list().map(({ id }) => id) };
}

test('a worker is asked once a second while the list is looked at, and not otherwise', () => {
  const { played, announce, ids } = openWorkers();
  announce('w1');
  for (let i = 0; i < 100; i++) ids();
  expect(played.questions).toBe(0);
  vi.advanceTimersByTime(9_000);
  expect(played.questions).toBe(0);
  for (let i = 0; i < 100; i++) expect(ids()).toEqual(['w1']);
  expect(played.questions).toBe(1);
  announce('w1');
  ids();
  expect(played.questions).toBe(1);
});

test('why a worker refuses a version is told without the paths of its machine', () => {
  const { workers, announce } = openWorkers();
  announce('w1', [{ model: 'm', version: '1', reason: "broken: '/home/ann lee/a.onnx'" }]);
  expect(workers.list()).toMatchObject([{ refused: [{ reason: "broken: 'a.onnx'" }] }]);
});

test('a worker that does not answer is forgotten after 2.5 s, and one that answers stays', () => {
  const { announce, ids } = openWorkers();
  announce('dead');
  announce('w1');
  vi.advanceTimersByTime(5_000);
  expect(ids()).toEqual(['dead', 'w1']);
  announce('w1');
  vi.advanceTimersByTime(2_400);
  expect(ids()).toEqual(['dead', 'w1']);
  announce('w1');
  vi.advanceTimersByTime(200);
  expect(ids()).toEqual(['w1']);
});

test('a worker that is not heard of for 10 s is forgotten', () => {
  const { announce, ids } = openWorkers();
  announce('w1');
  vi.advanceTimersByTime(10_001);
  expect(ids()).toEqual([]);
});

test('workers are asked after a reconnect', () => {
  const { played } = openWorkers();
  played.connected(false);
  expect(played.questions).toBe(0);
  played.connected(true);
  expect(played.questions).toBe(1);
});
