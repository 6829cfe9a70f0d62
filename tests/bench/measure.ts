/** What the operating system says about processes, and what to make of numbers. */
import { readdir, readFile } from 'node:fs/promises';

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU-seconds, user and system. Linux only.
 *
 * @param children whether those of the living processes that it started are added.
 */
export async function cpuSeconds(pid: number, { children }: { children: boolean }): Promise<number> {
  const own = (await ticks(pid)) / TICKS_PER_SECOND;
  const others = children ? await childrenOf(pid) : [];
  const seconds = await Promise.all(others.map((child) => cpuSeconds(child, { children })));
  return seconds.reduce((sum, next) => sum + next, own);
}

/** Resident memory of a process and the living processes it started, in MiB. Linux only. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const own = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024;
  const others = await Promise.all((await childrenOf(pid)).map(residentMiB));
  return others.reduce((sum, next) => sum + next, own);
}

/** Waits on the clock: load has no other end. */
export function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

async function ticks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, second and in parentheses, may hold spaces: fields are counted behind it.
  const [, , , , , , , , , , , utime = '0', stime = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(utime) + Number(stime);
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8')),
  );
  return lists
    .join(' ')
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
}
