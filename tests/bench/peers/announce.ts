/** Tells the parent process that this one is ready. It then ends with the parent, even if that is killed. */
export function announce(message: Readonly<Record<string, string>> = {}): void {
  process.once('disconnect', () => process.exit());
  process.send?.(message);
}
