import { Text } from '@mantine/core';
import type { Timings } from '../api/modelOperations.ts';
import { msBetween, shownMs } from './figures.ts';

interface TimeBarProps {
  readonly task: {
    readonly submittedAt: string;
    readonly finishedAt: string | null;
    readonly timings: Timings | null;
  };
  /** From the submission until its end was in this page. Undefined if the page did not submit it. */
  readonly totalMs: number | undefined;
}

/** Where the time of a task went, as a bar of its parts. */
export function TimeBar({ task: { submittedAt, finishedAt, timings }, totalMs }: TimeBarProps) {
  if (timings === null || finishedAt === null) return null;
  const { queueMs, batchMs, computeMs, batchSize } = timings;
  const allMs = Math.max(totalMs ?? msBetween(submittedAt, finishedAt), queueMs + batchMs + computeMs);
  const rest = totalMs === undefined ? 'Store' : 'Push';
  const parts = [
    { name: 'Queue', ms: queueMs, about: 'until a worker took it' },
    { name: 'Batch', ms: batchMs, about: 'until the run began' },
    {
      name: 'Compute',
      ms: computeMs,
      about: batchSize === 1 ? 'the run' : `the run, of ${batchSize} tasks at once`,
    },
    {
      name: rest,
      ms: Math.max(0, allMs - queueMs - batchMs - computeMs),
      about: totalMs === undefined ? 'until the result was stored' : 'the way here and back, and storing',
    },
  ];
  return (
    <section aria-label="Where the time went">
      <Text size="sm" mb={6}>
        <strong className="number">{shownMs(allMs)}</strong>{' '}
        {totalMs === undefined ? 'from submission to its end' : 'from the click until the result was here'}
      </Text>
      <div className="time-bar" aria-hidden="true">
        {parts.map(({ name, ms }) => (
          <span key={name} data-part={name} style={{ flexGrow: ms }} />
        ))}
      </div>
      <dl className="time-parts">
        {parts.map(({ name, ms, about }) => (
          <div key={name} title={about}>
            <dt data-part={name}>{name}</dt>
            <dd className="number">{shownMs(ms)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
