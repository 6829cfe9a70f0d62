import type { TaskState } from '../api/gql/graphql.ts';
import { lookOf } from './states.ts';

/** The state of a task: a dot in its colour, and its name. */
export function StateBadge({ state }: { readonly state: TaskState }) {
  const { label, color } = lookOf(state);
  return (
    <span className="state" data-color={color}>
      {label}
    </span>
  );
}
