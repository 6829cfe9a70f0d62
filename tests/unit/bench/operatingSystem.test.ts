import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { processUse, secondsOf, treeUse } from '../../bench/operatingSystem.ts';

test('the CPU seconds, memory and command of a process are read', async () => {
  const { cpuSeconds, residentMiB, command } = await processUse(process.pid);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(residentMiB).toBeGreaterThan(10);
  expect(command).toContain('node');
  expect(['0:01.50', '2:03', '1:00:00', '1-00:00:01'].map(secondsOf)).toEqual([1.5, 123, 3_600, 86_401]);
});

test.runIf(process.platform === 'linux')(
  'the CPU time of a process has that of its ended children',
  async () => {
    const { cpuSeconds: before } = await treeUse([process.pid]);
    execFileSync(process.execPath, ['--eval', 'for (const end = Date.now() + 300; Date.now() < end; );']);
    const own = await processUse(process.pid);
    expect(own.endedChildrenCpuSeconds).toBeGreaterThan(0);
    expect((await treeUse([process.pid])).cpuSeconds).toBeGreaterThanOrEqual(before + 0.05);
  },
);
