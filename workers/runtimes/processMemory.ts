/** Measures the memory of a process. */
import { readFile, writeFile } from 'node:fs/promises';

/**
 * The memory of a process: its proportional set size, which counts a page that n processes share as 1/n, and what its
 * runs took more since the last load and gave back. Where the system tells no such size it is the resident set.
 *
 * @returns 0 if the process is gone, or on a system without /proc, except for the own process.
 */
export async function peakBytesOf(pid: number): Promise<number> {
  const [rollup, status] = await Promise.all(
    ['smaps_rollup', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  const own = pid === process.pid ? process.memoryUsage.rss() : 0;
  const resident = bytesIn('VmRSS', status) ?? own;
  const peak = bytesIn('VmHWM', status) ?? 0;
  return (bytesIn('Pss', rollup) ?? resident) + Math.max(0, peak - resident);
}

/** Makes the next peak count from the present memory on. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

/** @returns the bytes of a line such as `Pss:  1024 kB`; undefined if there is none. */
function bytesIn(name: string, text = ''): number | undefined {
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
