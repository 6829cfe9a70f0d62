/** Which of the reported actuals count, and for how long the broker keeps them. */

export const DAY_MS = 86_400_000;

export interface Window {
  /** Before today. */
  readonly days: number;
  /** Sequences in a block. */
  readonly block: number;
  /** Before the block of the last sequence. */
  readonly blocks: number;
}

export const WINDOW: Window = { days: 30, block: 10_000, blocks: 100 };

/** The limits of the stream: it must hold the whole window. */
export function keptFor({ days, block, blocks }: Window): { readonly days: number; readonly count: number } {
  return { days: days + 1, count: (blocks + 1) * block };
}
