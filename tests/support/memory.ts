/** The memory of a process, on Linux only. */
import { readFile } from 'node:fs/promises';

const LOOK_EVERY_MS = 20;

export async function residentBytes(pid: number): Promise<number> {
  const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

/** The most bytes that each of some processes has had more than at the start of the work. */
export async function peakGrowth(
  processes: readonly { readonly pid: number }[],
  work: () => Promise<unknown>,
): Promise<readonly number[]> {
  const look = () => Promise.all(processes.map(({ pid }) => residentBytes(pid)));
  const before = await look();
  let peaks = before;
  const watching = setInterval(async () => {
    const now = await look();
    peaks = peaks.map((peak, i) => Math.max(peak, now[i] ?? 0));
  }, LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(watching);
  }
  return peaks.map((peak, i) => peak - (before[i] ?? 0));
}
