import { useSubscription } from '@apollo/client/react';
import { Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useModels } from '../../api/models.ts';
import { countOf, shownTime } from '../../parts/figures.ts';
import { Problem } from '../../parts/Problem.tsx';
import { isUnit } from '../../parts/units.ts';
import { ComparedPair } from './ComparedPair.tsx';
import { type ComparisonPoint, ROLLOUT_COMPARISON } from './operations.ts';

/** Ten minutes. */
const MOST_POINTS = 600;

/** The trials of a model beside what users got, as the figures come. */
export function Comparison({ model }: { readonly model: string }) {
  const [points, setPoints] = useState<readonly ComparisonPoint[]>([]);
  const { error } = useSubscription(ROLLOUT_COMPARISON, {
    variables: { model },
    onData({ data: { data } }) {
      if (data === undefined) return;
      const { rolloutComparison: figures } = data;
      setPoints((before) => [
        ...before.filter(({ since }) => since === figures.since).slice(1 - MOST_POINTS),
        { ...figures, atSeconds: Date.now() / 1_000 },
      ]);
    },
  });
  const latest = points.at(-1);
  const classes = useClasses(model);
  return (
    <Stack gap="md">
      <Problem error={error} />
      {latest === undefined ? (
        error === undefined && <Skeleton h={120} />
      ) : (
        <>
          <Text size="sm" c="dimmed">
            {latest.since !== null && `Since ${shownTime(latest.since)}, `}
            from {countOf(latest.gatewayCount, 'gateway')}. Curves begin when this page is opened.
          </Text>
          {latest.versions.length === 0 && (
            <Text size="sm">
              No task has been tried yet. Submit some, on the page Try or from a program: figures appear here
              by themselves.
            </Text>
          )}
          {latest.versions.map(({ version, shadowVersion }) => (
            <ComparedPair
              key={`${version} ${shadowVersion}`}
              {...{ version, shadowVersion, points, classes }}
            />
          ))}
        </>
      )}
    </Stack>
  );
}

/** The outputs that are numbers of classes: whole numbers without a unit. Their differences mean nothing. */
function useClasses(name: string): ReadonlySet<string> {
  const { models } = useModels();
  const outputs = models?.find((model) => model.name === name)?.outputs ?? [];
  return new Set(
    outputs.flatMap((output) =>
      /INT/.test(output.valueType) && output.size === null && !isUnit(output.unit) ? [output.name] : [],
    ),
  );
}
