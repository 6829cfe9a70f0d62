import { expect, test } from 'vitest';
import { processUse, secondsOf } from '../../bench/operatingSystem.ts';

test('the CPU seconds, memory and command of a process are read', async () => {
  const { cpuSeconds, residentMiB, command } = await processUse(process.pid);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(residentMiB).toBeGreaterThan(10);
  expect(command).toContain('node');
  expect(['0:01.50', '2:03', '1:00:00', '1-00:00:01'].map(secondsOf)).toEqual([1.5, 123, 3_600, 86_401]);
});
