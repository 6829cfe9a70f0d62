/** States of versions in words and colours. */
import type { VersionState } from '../../api/gql/graphql.ts';

const LOOKS: Readonly<Record<VersionState, { readonly label: string; readonly color: string }>> = {
  SERVED: { label: 'Served', color: 'teal' },
  WAITING: { label: 'Waits for a worker', color: 'gray' },
  REFUSED: { label: 'Refused', color: 'red' },
  LEAVING: { label: 'Leaves', color: 'orange' },
};

export function lookOfVersion(state: VersionState) {
  return LOOKS[state];
}

/** Of the parts of a bar, for each version in turn. */
const COLORS = ['cyan.7', 'orange.5', 'violet.5', 'pink.5', 'lime.6', 'gray.5'] as const;

export function colorOf(index: number): string {
  return `var(--mantine-color-${(COLORS[index % COLORS.length] as string).replace('.', '-')})`;
}
