import { Title } from '@mantine/core';
import type { TaskDetailsQuery } from '../../api/gql/graphql.ts';
import { shownTime } from '../../parts/times.ts';

type Details = NonNullable<TaskDetailsQuery['task']>;

/** What stands about a task beside its result. */
export function TaskFacts({ task }: { readonly task: Details }) {
  const { modelVersion, submittedAt, deadline, expiresAt, attempts, priority, labels, requestId, owner } =
    task;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Version', modelVersion || null],
    ['Submitted', shownTime(submittedAt)],
    ['Time limit', shownTime(deadline)],
    ['Kept until', expiresAt && shownTime(expiresAt)],
    ['Times taken from the queue', String(attempts)],
    ['Priority', priority === 'BULK' ? 'can wait' : 'a user waits'],
    ['Labels', labels.join(', ') || null],
    ['Request id', requestId],
    ['Owner', owner],
  ];
  return (
    <section>
      <Title order={2} mb={4}>
        Facts
      </Title>
      <dl className="facts">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="number wrapped">{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}
