/**
 * Ends a process once this one is gone, for whatever reason. A process in a hanging run never notices that its channel
 * is closed. A shell does: its standard input ends with us. It takes 1 MB; a thread in the process would take 10.
 * Without `/bin/sh`, a hanging run goes on after its worker was killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** @param target the process, or a process group as a negative number; undefined: there is none. */
export function endWithUs(target: number | undefined): ChildProcess | undefined {
  if (target === undefined) return undefined;
  // Signals from a terminal reach the shell, too. It ignores them.
  const script = 'trap "" HUP INT TERM; read -r _; kill -s KILL -- "$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(target)], {
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  return guard;
}
