import { expect, test } from 'vitest';
import type { Figures, ProcessRole } from '../../../src/contract/messages/figures.ts';
import type { Model } from '../../../src/models/models.ts';
import { ProcessFigures, type ProcessFiguresOptions } from '../../../src/system/processFigures.ts';

const COUNTS = { accepted: 0, refused: 0, succeeded: 0, failed: 0, bounds: [], counts: [] };

function figures(role: ProcessRole, id: string, upMs: number, more: Partial<Figures> = {}): Figures {
  return { id, role, upMs, startedAt: 0, cpuMs: 0, memoryBytes: 1, eventLoopDelayMs: 0, ...more };
}

/** What one look finds after these answers to its first question. */
async function lookAt(answers: readonly Figures[]) {
  let tell: (each: Figures) => void = () => {};
  let isAsked = false;
  const notices = {
    listenFigures: (listener: typeof tell) => {
      tell = listener;
      return { [Symbol.dispose]: () => {} };
    },
    askFigures: () => {
      if (!isAsked) answers.forEach(tell);
      isAsked = true;
    },
  };
  const broker = { notices } as unknown as ProcessFiguresOptions['broker'];
  using processes = new ProcessFigures({ broker, models: [{ manifest: { name: 'm' } } as Model] });
  return await processes.look();
}

test('a flood of answers of one process leaves two of them', async () => {
  const flood = Array.from({ length: 20_000 }, (_, i) => figures('worker', 'w', 1_000 + i / 100));
  const [answers] = await lookAt(flood);
  expect(answers?.map(({ upMs }) => upMs)).toEqual([1_000, 1_199.99]);
});

test('made-up ids of workers take no place of a gateway', async () => {
  const workers = Array.from({ length: 2_000 }, (_, i) => figures('worker', `w${i}`, 1_000));
  const found = await lookAt([...workers, figures('gateway', 'g', 1_000)]);
  expect(found).toHaveLength(501);
  expect(found[0]?.[0].id).toBe('g');
});

test('a worker with the id of a gateway, or with figures of one, does not change what the gateway tells', async () => {
  const gateway = { connections: 1, subscriptions: 0, models: [] };
  const found = await lookAt([
    figures('gateway', 'g', 1_000, { gateway }),
    figures('worker', 'g', 3e12),
    figures('worker', 'other', 1_000, { gateway }),
  ]);
  expect(found.map(([{ id, role, upMs }]) => [id, role, upMs])).toEqual([
    ['g', 'gateway', 1_000],
    ['g', 'worker', 3e12],
  ]);
});

test('an answer whose time jumps does not drop the others', async () => {
  const [answers] = await lookAt([1_000, 3e12, 1, 1_200].map((upMs) => figures('worker', 'w', upMs)));
  expect(answers?.map(({ upMs }) => upMs)).toEqual([1_000, 1_200]);
});

test('models that this gateway does not serve are dropped', async () => {
  const models = ['m', 'made-up'].map((model) => ({ model, ...COUNTS }));
  const [answers] = await lookAt([
    figures('gateway', 'g', 1_000, { gateway: { connections: 1, subscriptions: 0, models } }),
  ]);
  expect(answers?.[0].gateway?.models.map(({ model }) => model)).toEqual(['m']);
});
