/** The elements of the console's list of tasks: which of them shows which task. */
import { expect, test } from 'vitest';
import { RowElements } from '../../../console/src/pages/tasks/RowElements.ts';

/** The ids of ten tasks from a place on. */
const tenFrom = (first: number) => Array.from({ length: 10 }, (_, place) => `task-${first + place}`);

test('a task keeps its element while the list is scrolled by a few rows', () => {
  const elements = new RowElements();
  const before = elements.keysOf(tenFrom(0), false);
  const after = elements.keysOf(tenFrom(3), false);
  expect(after.slice(0, 7)).toEqual(before.slice(3));
  expect(new Set([...before, ...after]).size).toBe(13);
});

test('after a jump the same elements show other tasks, also if there are more or fewer', () => {
  const elements = new RowElements();
  const before = elements.keysOf(tenFrom(0), false);
  expect(elements.keysOf(tenFrom(6), false)).toEqual(before);
  const more = elements.keysOf([...tenFrom(500), ...tenFrom(510)], false);
  expect(more.slice(0, 10)).toEqual(before);
  expect(new Set(more).size).toBe(20);
  expect(elements.keysOf(tenFrom(0), false)).toEqual(before);
});

test('an element that may have the focus gets no other task', () => {
  const elements = new RowElements();
  const before = elements.keysOf(tenFrom(0), true);
  expect(elements.keysOf(tenFrom(8), true).slice(0, 2)).toEqual(before.slice(8));
  expect(elements.keysOf(tenFrom(500), true).some((key) => before.includes(key))).toBe(false);
});

test('the answer is the same if it is asked twice', () => {
  const elements = new RowElements();
  elements.keysOf(tenFrom(0), false);
  const once = elements.keysOf(tenFrom(6), false);
  expect(elements.keysOf(tenFrom(6), false)).toEqual(once);
});
