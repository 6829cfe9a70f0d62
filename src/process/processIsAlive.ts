/** Whether a process of this machine is there, by its id. */
export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Without the right to signal it there is such a process.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
