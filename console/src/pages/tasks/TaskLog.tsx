import { Title } from '@mantine/core';
import type { TaskDetailsQuery, TaskLogEvent } from '../../api/gql/graphql.ts';
import { msBetween, shownMs, shownTime } from '../../parts/figures.ts';

type Details = NonNullable<TaskDetailsQuery['task']>;

const NAMES: Readonly<Record<TaskLogEvent, string>> = {
  ACCEPTED: 'Accepted',
  DELIVERED: 'Got by the worker',
  STARTED: 'Run started',
  SUSPECT: 'A run with it ended the session of the model; it runs alone',
  RETRIED: 'Its batch failed; it runs again, alone',
  ENDED: 'Ended',
};

/** What happened to a task, in the order of time, each with how long after the acceptance. Only if the gateway keeps it. */
export function TaskLog({ task: { kind, log, submittedAt } }: { readonly task: Details }) {
  // Stages tell it of a training and of a check.
  if (kind !== 'PREDICTION' || log === null) return null;
  return (
    <section>
      <Title order={2} mb={4}>
        What happened
      </Title>
      <ol className="list task-log">
        {log.map(({ at, event, process, detail }) => (
          <li key={`${at} ${event}`}>
            <time className="number" dateTime={at} title={shownTime(at)}>
              {shownMs(msBetween(submittedAt, at))}
            </time>
            <span>
              {NAMES[event]}
              {detail !== null && `: ${detail}`}
              {process !== null && <span className="task-log-process wrapped">{process}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
