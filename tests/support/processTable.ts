/** The processes of the operating system. A process that has ended counts as gone, also if it is a zombie. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** The command line of a process if it is running. */
export function commandLine(pid: number): string | undefined {
  return table().find((row) => row.pid === pid)?.command;
}

/** Tests ask this again and again. On Linux it costs no process. */
export function isRunning(pid: number): boolean {
  if (process.platform !== 'linux') return commandLine(pid) !== undefined;
  try {
    // The state stands after the name, which may have spaces. Z has ended, and waits for its parent.
    return !/^ [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1').split(')').at(-1) ?? '');
  } catch {
    return false;
  }
}

/** The number of a process that has to be there: 0 would stand for the test and all its processes. */
export function pidOf(process: { readonly pid: number | undefined } | undefined): number {
  if (process?.pid === undefined) throw new Error('the process is not there');
  return process.pid;
}

/** The child processes of a process, and their children. */
export function descendantsOf({ pid }: { readonly pid: number }): readonly number[] {
  const rows = table();
  const below = (parent: number): readonly number[] =>
    rows.flatMap((row) => (row.parent === parent ? [row.pid, ...below(row.pid)] : []));
  return below(pid);
}

function table(): readonly Row[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, state, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return state === undefined || state.startsWith('Z')
      ? []
      : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
