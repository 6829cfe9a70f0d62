/** Tells the parent process that this one is ready. It then ends when it is told to, and with the parent. */
export function announce(message: Readonly<Record<string, string>> = {}): void {
  // Without a handler the signal kills the process, and a profile would not be written.
  process.once('SIGTERM', () => process.exit());
  process.once('disconnect', () => process.exit());
  process.send?.(message);
}
