import { describe, expect, test } from 'vitest';
import type { Figures, ModelCounts } from '../../../src/contract/messages/figures.ts';
import { modelStats, processStats } from '../../../src/system/rates.ts';

const BOUNDS = [0.1, 0.2, 0.4];
const PROCESS = { startedAt: 1, memoryBytes: 5, eventLoopDelayMs: 0 };

function gateway(id: string, upMs: number, counts: Partial<ModelCounts>): Figures {
  const model = { model: 'm', accepted: 0, refused: 0, succeeded: 0, failed: 0, bounds: BOUNDS, counts: [] };
  return {
    ...PROCESS,
    id,
    role: 'gateway',
    upMs,
    cpuMs: upMs / 2,
    gateway: { connections: 1, subscriptions: 2, models: [{ ...model, ...counts }] },
  };
}

describe('models', () => {
  test('rates of all gateways are added up, each over its own time', () => {
    const stats = modelStats(
      [
        [gateway('a', 1_000, { accepted: 10 }), gateway('a', 3_000, { accepted: 30, failed: 4 })],
        [gateway('b', 50_000, { accepted: 7 }), gateway('b', 51_000, { accepted: 12, refused: 1 })],
      ],
      ['m'],
    );
    expect(stats).toMatchObject([
      { model: 'm', acceptedPerSecond: 15, failedPerSecond: 2, refusedPerSecond: 1, succeededPerSecond: 0 },
    ]);
  });

  test('quantiles are of what ended between the oldest and the newest answer', () => {
    const before = gateway('a', 1_000, { counts: [100, 0, 0, 0] });
    const now = gateway('a', 9_000, { counts: [100, 50, 49, 1] });
    const [stats] = modelStats([[before, now]], ['m']);
    expect(stats?.p50Ms).toBeCloseTo(200);
    expect(stats?.p99Ms).toBeCloseTo(400);
  });

  test('a model without tasks has no quantiles, and a gateway that has answered once no rates', () => {
    expect(
      modelStats([[gateway('a', 5_000, { accepted: 100, counts: [100, 0, 0, 0] })]], ['m', 'n']),
    ).toEqual(
      ['m', 'n'].map((model) => ({
        model,
        acceptedPerSecond: 0,
        succeededPerSecond: 0,
        failedPerSecond: 0,
        refusedPerSecond: 0,
        p50Ms: undefined,
        p99Ms: undefined,
      })),
    );
  });

  test('answers that came at nearly the same time make no rate of their own', () => {
    const answers = [0, 1_000, 1_010].map((upMs) =>
      gateway('a', upMs, { accepted: upMs === 1_010 ? 101 : 0 }),
    );
    const [stats] = modelStats([answers as [Figures, ...Figures[]]], ['m']);
    expect(stats?.acceptedPerSecond).toBeCloseTo(100);
  });
});

test('two answers at the same time make no rate that is not a number', () => {
  const answers: [Figures, Figures] = [gateway('a', 1_000, {}), gateway('a', 1_000, { accepted: 5 })];
  expect(processStats([answers])).toMatchObject([{ cpuCores: 0.5 }]);
  expect(modelStats([answers], ['m'])).toMatchObject([{ acceptedPerSecond: 0 }]);
});

test('processes come by role and id, with the CPU and the slots that they used', () => {
  const worker = (upMs: number, usedMs: number): Figures => ({
    ...PROCESS,
    id: 'w',
    role: 'worker',
    upMs,
    cpuMs: upMs,
    slots: { count: 2, usedMs },
  });
  const stats = processStats([
    [worker(1_000, 500), worker(2_000, 1_500)],
    [gateway('b', 1_000, {}), gateway('b', 2_000, {})],
    [gateway('a', 4_000, {})],
  ]);
  expect(stats).toMatchObject([
    { id: 'a', role: 'gateway', cpuCores: 0.5, busy: undefined, connections: 1, subscriptions: 2 },
    { id: 'b', role: 'gateway', cpuCores: 0.5 },
    { id: 'w', role: 'worker', cpuCores: 1, busy: 0.5, connections: undefined },
  ]);
});
