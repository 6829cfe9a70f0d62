/** The CPU time and memory of processes: from /proc on Linux, from `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const MIB = 1024 * 1024;

export interface ProcessUse {
  /** User and system time since the start of the process. */
  readonly cpuSeconds: number;
  /** The same of its children that have ended, with theirs. 0 where the system does not tell it (macOS). */
  readonly endedChildrenCpuSeconds: number;
  /** Pages that several processes share count for each of them. */
  readonly residentMiB: number;
  readonly command: string;
  /** The running child processes. */
  readonly children: readonly number[];
}

/** @throws if there is no such process. */
export const processUse: (pid: number) => Promise<ProcessUse> =
  process.platform === 'linux' ? useFromProc : useFromPs;

/** The CPU time and memory of processes with all their descendants. CPU time counts of those that have ended, too. */
export async function treeUse(
  pids: readonly number[],
): Promise<Pick<ProcessUse, 'cpuSeconds' | 'residentMiB'>> {
  const own = await Promise.all(pids.map(processUse));
  const below = own.flatMap(({ children }) => children);
  const others = below.length === 0 ? { cpuSeconds: 0, residentMiB: 0 } : await treeUse(below);
  return own.reduce(
    (sum, { cpuSeconds, endedChildrenCpuSeconds, residentMiB }) => ({
      cpuSeconds: sum.cpuSeconds + cpuSeconds + endedChildrenCpuSeconds,
      residentMiB: sum.residentMiB + residentMiB,
    }),
    others,
  );
}

/** The processes of a tree, with the given one. */
export async function treeOf(pid: number): Promise<readonly number[]> {
  const { children } = await processUse(pid);
  return [pid, ...(await Promise.all(children.map(treeOf))).flat()];
}

/**
 * The proportional set size of processes together: a page that n processes share counts as an n-th for each. Linux only.
 *
 * @throws if the system does not tell it.
 */
export async function proportionalMiB(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
      return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? Number.NaN);
    }),
  );
  return sizes.reduce((sum, kib) => sum + kib, 0) / 1024;
}

/** The pid of the first descendant whose command line contains a text. @throws if there is none. */
export async function findDescendant(pid: number, text: string): Promise<number> {
  for (const waiting = [pid]; ; ) {
    const next = waiting.shift();
    if (next === undefined) throw new Error(`process ${pid} must have a descendant that runs ${text}`);
    const { command, children } = await processUse(next);
    if (next !== pid && command.includes(text)) return next;
    waiting.push(...children);
  }
}

async function useFromProc(pid: number): Promise<ProcessUse> {
  const [stat, status, command, threads] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    readdir(`/proc/${pid}/task`),
  ]);
  // The second field, the name in parentheses, may contain spaces. So fields are counted after it.
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  const children = await Promise.all(
    // A thread that has ended meanwhile has no children.
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return {
    cpuSeconds: (utime + stime) / TICKS_PER_SECOND,
    endedChildrenCpuSeconds: (cutime + cstime) / TICKS_PER_SECOND,
    residentMiB: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024,
    command: command.replaceAll('\0', ' '),
    children: children.join(' ').split(' ').filter(Boolean).map(Number),
  };
}

async function useFromPs(pid: number): Promise<ProcessUse> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,time=,rss=,command='], {
    maxBuffer: 16 * MIB,
  });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  const row = rows.find(([id]) => Number(id) === pid);
  if (row === undefined) throw new Error(`there must be a process ${pid}`);
  const [, , time = '', residentKiB, ...command] = row;
  return {
    cpuSeconds: secondsOf(time),
    endedChildrenCpuSeconds: 0,
    residentMiB: Number(residentKiB) / 1024,
    command: command.join(' '),
    children: rows.filter(([, parent]) => Number(parent) === pid).map(([id]) => Number(id)),
  };
}

/** @param time in the format of `ps`: [[days-]hours:]minutes:seconds. */
export function secondsOf(time: string): number {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
  const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * 86_400 + seconds;
}
