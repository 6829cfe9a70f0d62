/** A queue in which owners come one after another. */
import { expect, test } from 'vitest';
import { OwnerTurns } from '../../../src/process/ownerTurns.ts';

test('owners come one after another, and what each has in its order', () => {
  const turns = new OwnerTurns<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) turns.add(item.charAt(0), item);
  const taken: string[] = [];
  for (let first = turns.first; first !== undefined; first = turns.first) {
    expect(turns.takeFirst()).toBe(first);
    taken.push(first);
    if (first === 'b1') turns.add('b', 'b2');
  }
  expect(taken).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3']);
  expect(turns.takeFirst()).toBeUndefined();
});
