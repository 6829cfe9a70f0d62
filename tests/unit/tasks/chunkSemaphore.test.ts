import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ChunkSemaphore } from '../../../src/tasks/chunkSemaphore.ts';

describe('turns', () => {
  test('are taken in the order of the requests, with a limit of chunks at a time', async () => {
    const turns = new ChunkSemaphore({ purpose: 'read', atOnce: 10, waiting: 100 });
    const begun: number[] = [];
    const works = [6, 4, 6, 1, 50, 1].map((chunks) => {
      const work = Promise.withResolvers<void>();
      const taken = turns.take('ada', chunks, () => {
        begun.push(chunks);
        return work.promise;
      });
      return { end: work.resolve, taken };
    });
    const [a, b, c, d, e, f] = works;
    await rounds();
    // The light one does not overtake.
    expect(begun).toEqual([6, 4]);
    b?.end();
    await rounds();
    expect(begun).toEqual([6, 4]);
    a?.end();
    await rounds();
    expect(begun).toEqual([6, 4, 6, 1]);
    // What is more than fits at once has its turn alone.
    for (const work of [c, d]) work?.end();
    await rounds();
    expect(begun).toEqual([6, 4, 6, 1, 50]);
    e?.end();
    await rounds();
    expect(begun).toEqual([6, 4, 6, 1, 50, 1]);
    f?.end();
    await Promise.all(works.map(({ taken }) => taken));
  });

  test('begin one in each round of the event loop', async () => {
    const turns = new ChunkSemaphore({ purpose: 'read', atOnce: 1, waiting: 100 });
    let begun = 0;
    const taken = Array.from({ length: 5 }, () =>
      turns.take('ada', 1, async () => {
        begun++;
      }),
    );
    const seen: number[] = [];
    for (; begun < 5; await nextRound()) seen.push(begun);
    expect(seen.length).toBeGreaterThanOrEqual(4);
    await Promise.all(taken);
  });

  test('are refused behind too many waiting ones, and go on after a failed one', async () => {
    const turns = new ChunkSemaphore({ purpose: 'read', atOnce: 1, waiting: 2 });
    const first = Promise.withResolvers<void>();
    const failing = turns.take('ada', 1, () => first.promise);
    const waiting = [turns.take('ada', 1, async () => 'a'), turns.take('bob', 1, async () => 'b')];
    await expect(turns.take('ada', 1, async () => 'c')).rejects.toMatchObject({
      code: 'GATEWAY_BUSY',
      details: { retryAfterMs: 1_000, limit: 2 },
    });
    first.reject(new Error('lost'));
    await expect(failing).rejects.toThrow('lost');
    expect(await Promise.all(waiting)).toEqual(['a', 'b']);
    expect(await turns.take('ada', 1, async () => 'd')).toBe('d');
  });
});

/** Enough for whatever can begin. */
async function rounds(): Promise<void> {
  for (let i = 0; i < 10; i++) await nextRound();
}
