import { Group, Progress, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Curves } from '../../parts/Curves.tsx';
import { shownMs } from '../../parts/figures.ts';
import { Section } from '../../parts/Section.tsx';
import type { WorkTraining } from './operations.ts';

type Progressed = NonNullable<WorkTraining['progress']>;

interface ProgressNowProps {
  readonly progress: Progressed | null;
  readonly isOver: boolean;
}

const MOST_POINTS = 5_000;

/** How far the recipe is, and its metrics as they come. A gateway keeps the newest only, so the page keeps the others. */
export function ProgressNow({ progress, isOver }: ProgressNowProps) {
  const seen = useSeen(progress);
  // A stage that is over has no progress any more, but its curves stay.
  const latest = progress ?? seen.at(-1);
  if (latest === undefined)
    return (
      isOver && (
        <Text size="sm" c="dimmed">
          The curves of a training are drawn while its page is open, and are not kept. Its log has what the
          recipe wrote.
        </Text>
      )
    );
  const { done, of, unit, secondsLeft } = latest;
  const names = [...new Set(seen.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
  const told = of === null ? `${done} ${unit}` : `${done} of ${of} ${unit}`;
  return (
    <Section title="Progress">
      <Group justify="space-between" mb={4} gap="xs">
        <Text size="sm" className="number">
          {told}
        </Text>
        {!isOver && secondsLeft !== null && (
          <Text size="sm" c="dimmed" className="number">
            about {shownMs(1_000 * secondsLeft)} left
          </Text>
        )}
      </Group>
      {of !== null && of > 0 && <Progress value={(100 * done) / of} aria-label={`Progress: ${told}`} />}
      {names.length > 0 && (
        <div className="metric-curves">
          {names.map((name) => (
            <Curves
              key={name}
              label={`${name} by ${unit}`}
              heightPx={140}
              x={seen.map((point) => point.done)}
              curves={[
                {
                  label: name,
                  values: seen.map(
                    ({ metrics }) => metrics.find((each) => each.name === name)?.value ?? null,
                  ),
                },
              ]}
            />
          ))}
        </div>
      )}
    </Section>
  );
}

/** The progress so far, in ascending order. A stage that begins again takes back what came after its checkpoint. */
function useSeen(progress: Progressed | null): readonly Progressed[] {
  const [seen, setSeen] = useState<readonly Progressed[]>([]);
  const last = useRef<string>(undefined);
  useEffect(() => {
    if (progress === null || progress.at === last.current) return;
    last.current = progress.at;
    setSeen((before) => [
      ...before.filter(({ done }) => done < progress.done).slice(1 - MOST_POINTS),
      progress,
    ]);
  }, [progress]);
  return seen;
}
