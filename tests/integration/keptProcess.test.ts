import { pino } from 'pino';
import { expect, test } from 'vitest';
import { KeptProcess } from '../../src/launcher/keptProcess.ts';

test('a process whose readiness cannot be checked is ended, and the start fails with the reason', async () => {
  const lines: string[] = [];
  const givenUp = Promise.withResolvers<number>();
  const plan = {
    name: 'broker',
    command: process.execPath,
    args: () => ['-e', 'setInterval(() => {}, 1_000)'],
    env: process.env,
    ipc: false,
    mustStart: true,
    stopWithinMs: 1_000,
    whenReady: () => Promise.reject(new Error('its address cannot be read')),
  };
  const log = pino({}, { write: (line) => void lines.push(line) });
  await using _kept = new KeptProcess(plan, { log, giveUp: givenUp.resolve });
  expect(await givenUp.promise).toBe(1);
  expect(lines.join('')).toContain('its address cannot be read');
  expect(lines.join('')).toContain('broker could not start');
});
