/** Actions of the audit log: the entries of its begin and of its end as one. */
import { msBetween } from '../../parts/figures.ts';

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly asked: string | null;
  readonly before: string | null;
}

export type Audited<E extends Entry> = E & {
  /** Null if it has one entry only: it was refused, or its end is not known. */
  readonly tookMs: number | null;
};

/**
 * @param entries newest first, so the end of an action comes before its begin.
 * @returns the actions in the order of their last entries. What was asked stands in the begin, the other facts in the end.
 */
export function actionsOf<E extends Entry>(entries: readonly E[]): readonly Audited<E>[] {
  return [...Map.groupBy(entries, ({ id }) => id).values()].flatMap((own) => {
    const [end] = own;
    const begin = own.at(-1);
    if (end === undefined || begin === undefined) return [];
    return {
      ...end,
      at: begin.at,
      asked: begin.asked ?? end.asked,
      before: end.before ?? begin.before,
      tookMs: end === begin ? null : msBetween(begin.at, end.at),
    };
  });
}
