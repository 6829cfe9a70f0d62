/**
 * Limits the memory of a process with models, of all of them together: SESSION_MAX_MIB, enforced by the kernel. A run
 * that needs more fails, or kills the process. So it cannot exhaust the machine's memory.
 *
 * The limit is on the memory that a process may write to (RLIMIT_DATA), in addition to that after its start: Node
 * reserves 600 MiB then, of which it uses 80. A limit on address space (RLIMIT_AS) would count much that is no memory
 * at all.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf } from '../../src/contract/errors.ts';
import type { Config } from '../../src/process/config.ts';

const MIB = 1024 * 1024;
/** GPU drivers reserve many times what they use. With them there is a limit only if the user has set it. */
const DEFAULT_MIB = 4096;
const run = promisify(execFile);

interface SessionLimit {
  /** 0: no limit. */
  readonly maxMib: number;
  /** Why this machine cannot keep the limit that is wanted; undefined if it can. */
  readonly problem?: string;
}

/** The memory limit of such a process by the configuration, on this machine. */
export async function sessionLimit({
  sessionMaxMib,
  executionProviders,
}: Pick<Config, 'sessionMaxMib' | 'executionProviders'>): Promise<SessionLimit> {
  const onCpu = executionProviders.every((provider) => provider === 'cpu');
  const maxMib = sessionMaxMib ?? (onCpu ? DEFAULT_MIB : 0);
  if (maxMib === 0) return { maxMib };
  if (process.platform !== 'linux') return { maxMib: 0, problem: `${process.platform} has no such limit` };
  try {
    await run('prlimit', ['--version']);
    return { maxMib };
  } catch (error) {
    return { maxMib: 0, problem: `prlimit (of util-linux) cannot be run: ${messageOf(error)}` };
  }
}

/**
 * Limits a process of ours for good to its present memory and `mib` MiB more. Processes that it starts have the same
 * limit, each for itself.
 *
 * @throws {Error} if that is not possible, see `sessionLimit`.
 */
export async function limitMemory(pid: number, mib: number): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  const hasBytes = 1024 * Number(/^VmData:\s+(\d+) kB$/m.exec(status)?.[1]);
  const limit = hasBytes + mib * MIB;
  // A lower limit, such as a shell's, cannot be raised, and need not be.
  const present = Number(/^Max data size\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (limit < present) await run('prlimit', ['--pid', String(pid), `--data=${limit}`]);
}

/** The errors of ONNX Runtime, V8, Python and the C++ library when memory is exhausted. */
const NO_MEMORY = /alloc|out of memory|MemoryError/i;

/** Whether what a process printed at its end says so. */
export function isOutOfMemory(printed: string): boolean {
  return NO_MEMORY.test(printed);
}

/** @returns the reason of a failure, and the setting if it may be the cause. */
export function withLimit(reason: string, mib: number): string {
  return mib > 0 && NO_MEMORY.test(reason)
    ? `${reason} (SESSION_MAX_MIB allows a process ${mib} MiB)`
    : reason;
}

/**
 * What may be added to the message that a process died while its model was loaded or checked.
 *
 * @param said what is known of the cause; empty: nothing is.
 */
export function afterDeath(said: string, mib: number): string {
  if (said !== '') return `; ${withLimit(said, mib)}`;
  return mib > 0 ? `, perhaps for want of memory: SESSION_MAX_MIB allows a process ${mib} MiB` : '';
}
