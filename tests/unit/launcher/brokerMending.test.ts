import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BrokerMending } from '../../../src/launcher/brokerMending.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const MIB = 1024 * 1024;

/** A broker of whom a gateway complains for so many seconds, or says that it stores. */
function openMending() {
  const disk = { freeBytes: 500 * MIB };
  const seen = { restarts: 0 };
  const lines: string[] = [];
  const mending = new BrokerMending({
    broker: { restart: () => void seen.restarts++ },
    dataDir: '/data',
    readFreeBytes: async () => {
      if (Number.isNaN(disk.freeBytes)) throw new Error('EACCES: permission denied, statfs');
      return disk.freeBytes;
    },
    log: pino({}, { write: (line) => void lines.push(line) }),
  });
  return {
    disk,
    seen,
    lines,
    mending,
    async pass(seconds: number, problem?: string) {
      for (let second = 0; second < seconds; second++) {
        mending.hear('gateway', problem);
        await vi.advanceTimersByTimeAsync(1_000);
      }
    },
    [Symbol.dispose]: () => mending[Symbol.dispose](),
  };
}

test('a broker that stores nothing is not restarted while the disk is full, and at once when there is room', async () => {
  using system = openMending();
  system.disk.freeBytes = 0;
  await system.pass(600, 'it stores nothing');
  expect(system.seen.restarts).toBe(0);
  system.disk.freeBytes = 500 * MIB;
  await system.pass(1, 'it stores nothing');
  expect(system.seen.restarts).toBe(1);
});

test('a broker that stores nothing with room on the disk is restarted after 30 s, and again 31 s later', async () => {
  using system = openMending();
  await system.pass(30, 'it stores nothing');
  expect(system.seen.restarts).toBe(0);
  await system.pass(1, 'it stores nothing');
  expect(system.seen.restarts).toBe(1);
  await system.pass(30, 'it stores nothing');
  expect(system.seen.restarts).toBe(1);
  await system.pass(1, 'it stores nothing');
  expect(system.seen.restarts).toBe(2);
});

test('the pause between restarts that did not help doubles', async () => {
  using system = openMending();
  const pauses: number[] = [];
  for (let seconds = 0; pauses.length < 6; seconds++) {
    if (system.seen.restarts > pauses.length) {
      pauses.push(seconds);
      seconds = 0;
    }
    // As a disk that is full again at once.
    system.disk.freeBytes = seconds % 2 === 0 ? 0 : 500 * MIB;
    await system.pass(1, 'it stores nothing');
  }
  expect(pauses.slice(1)).toEqual(pauses.slice(1).toSorted((a, b) => a - b));
  expect(pauses.at(-1)).toBeGreaterThan(100);
});

test('a broker is not restarted for a problem that ends by itself or with the process that reported it', async () => {
  using system = openMending();
  await system.pass(25, 'it stores nothing');
  await system.pass(1);
  await system.pass(25, 'it stores nothing');
  expect(system.seen.restarts).toBe(0);
  system.disk.freeBytes = 0;
  await system.pass(1);
  system.disk.freeBytes = 500 * MIB;
  await system.pass(60);
  expect(system.seen.restarts).toBe(0);
});

test('a disk that cannot be read is logged once, until it can be read again', async () => {
  using system = openMending();
  for (const freeBytes of [Number.NaN, 500 * MIB, Number.NaN]) {
    system.disk.freeBytes = freeBytes;
    await system.pass(10);
  }
  expect(system.lines).toHaveLength(2);
  expect(system.lines[0]).toMatch(/EACCES.*nats-server is not restarted/);
});
