/**
 * How much memory the process of a session may take: SESSION_MAX_MIB, held by the kernel. A run that wants more fails,
 * or costs its session the process; the machine is never short of memory for it.
 *
 * What is limited is the memory that a process may write to (RLIMIT_DATA), beyond what it has when it has started: Node
 * reserves 600 MiB then, of which it uses 80, and address space (RLIMIT_AS) for much that is no memory at all.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf } from '../../../src/contract/errors.ts';
import type { Config } from '../../../src/process/config.ts';

const MIB = 1024 * 1024;
/** Drivers of GPUs reserve many times what they use: with them only a limit that was asked for holds. */
const DEFAULT_MIB = 4096;
const run = promisify(execFile);

interface SessionLimit {
  /** 0: no limit. */
  readonly maxMib: number;
  /** Why this machine cannot keep the limit that is wanted; undefined if it can. */
  readonly problem?: string;
}

/** What a session may take by the configuration, on this machine. */
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
 * Holds this process to what it has now and so much more, for good.
 *
 * @throws {Error} if that is not possible, see `sessionLimit`.
 */
export async function limitMemory(mib: number): Promise<void> {
  const status = await readFile('/proc/self/status', 'utf8');
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hasBytes = 1024 * Number(/^VmData:\s+(\d+) kB$/m.exec(status)?.[1]);
  const limit = hasBytes + mib * MIB;
  // One that is lower already, such as a shell's, could not be raised, and need not be.
  const present = Number(/^Max data size\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (limit < present) await run('prlimit', ['--pid', String(process.pid), `--data=${limit}`]);
}

/** Words of ONNX Runtime, V8 and the C++ library for memory that they did not get. */
const NO_MEMORY = /alloc|out of memory|cannot allocate/i;

/** @returns the reason of a failure, and the setting if that may be the cause. */
export function withLimit(reason: string, mib: number): string {
  return mib > 0 && NO_MEMORY.test(reason)
    ? `${reason} (SESSION_MAX_MIB allows a session ${mib} MiB)`
    : reason;
}

/** What to add where a process died while it was loaded or checked. */
export function perhapsOfLimit(mib: number): string {
  return mib > 0 ? `, perhaps for want of memory: SESSION_MAX_MIB allows a session ${mib} MiB` : '';
}
