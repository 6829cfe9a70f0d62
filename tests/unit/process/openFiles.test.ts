/** What the log says if the limit of open files allows fewer connections than wanted. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { connectionsWithin } from '../../../src/process/openFiles.ts';

function allow(limit: number, isAskedFor: boolean) {
  const lines: string[] = [];
  const log = pino({}, { write: (line) => lines.push(line) });
  const connections = connectionsWithin({ wanted: 1_000, isAskedFor, log, limit });
  return { connections, levels: lines.map((line) => pino.levels.labels[JSON.parse(line).level]) };
}

test('a default that the limit of open files lowers to half is no line of the log, and below half one at info', () => {
  expect(allow(1_128, false)).toEqual({ connections: 1_000, levels: [] });
  expect(allow(628, false)).toEqual({ connections: 500, levels: [] });
  expect(allow(627, false)).toEqual({ connections: 499, levels: ['info'] });
});

test('a number that the user set is a warning as soon as the limit of open files lowers it', () => {
  expect(allow(1_128, true)).toEqual({ connections: 1_000, levels: [] });
  expect(allow(1_127, true)).toEqual({ connections: 999, levels: ['warn'] });
});
