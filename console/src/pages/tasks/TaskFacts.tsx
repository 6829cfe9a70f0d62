import { Anchor, Title } from '@mantine/core';
import type { TaskDetailsQuery } from '../../api/gql/graphql.ts';
import { FactList } from '../../parts/FactList.tsx';
import { shownTime } from '../../parts/figures.ts';

type Details = NonNullable<TaskDetailsQuery['task']>;

/** What stands about a task beside its result. */
export function TaskFacts({ task }: { readonly task: Details }) {
  const {
    modelVersion,
    submittedAt,
    deadline,
    expiresAt,
    attempts,
    worker,
    priority,
    labels,
    requestId,
    owner,
    traceId,
    traceUrl,
  } = task;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Version', modelVersion || null],
    ['Submitted', shownTime(submittedAt)],
    ['Ends at the latest', shownTime(deadline)],
    ['Kept until', expiresAt && shownTime(expiresAt)],
    ['Attempts', String(attempts)],
    ['Worker', worker],
    ['Priority', priority === 'BULK' ? 'can wait' : 'a user waits'],
    ['Labels', labels.join(', ') || null],
    ['Request id', requestId],
    ['Owner', owner],
    ['Trace', traceId],
  ];
  return (
    <section>
      <Title order={2} mb={4}>
        Facts
      </Title>
      <FactList facts={facts} />
      {traceUrl !== null && (
        <Anchor href={traceUrl} target="_blank" rel="noreferrer" size="sm" underline="always">
          Its trace
        </Anchor>
      )}
    </section>
  );
}
