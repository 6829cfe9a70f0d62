import { Anchor, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../app/signedIn.ts';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { Section } from '../../parts/Section.tsx';
import { Comparison } from './Comparison.tsx';
import type { SeenModel, SeenWorker } from './operations.ts';
import { PausedNotice } from './PausedNotice.tsx';
import { Rollout } from './Rollout.tsx';
import { Unusable } from './Unusable.tsx';
import { VersionTable } from './VersionTable.tsx';

interface ModelViewProps {
  readonly model: SeenModel;
  readonly workers: readonly SeenWorker[];
  /** Asks for the models again, after a change. */
  readonly refresh: () => Promise<void>;
}

/** The sections of a model's page. */
export function ModelView({ model, workers, refresh }: ModelViewProps) {
  const isOperator = useIsOperator();
  const { name, versions, training, isPaused } = model;
  const isTried = versions.some(({ shadowPercent }) => shadowPercent > 0);
  const next = 1 + Math.max(0, ...versions.map(({ version }) => Number(version)));
  return (
    <>
      {isPaused && <PausedNotice />}
      <Unusable model={model} />
      <Section title="Who answers">
        <Rollout model={model} refresh={refresh} />
      </Section>
      {isTried && (
        <Section title="Trials, compared with what users got">
          {isOperator ? (
            <Comparison model={name} />
          ) : (
            <Text size="sm" c="dimmed">
              Operators see how far the answers of the tried versions are from those that users got.
            </Text>
          )}
        </Section>
      )}
      <Section title="Versions">
        <VersionTable model={model} workers={workers} refresh={refresh} />
      </Section>
      <Section title="Bring a version">
        <Stack gap={6} className="push">
          <Text size="sm">
            A folder of MODELS_DIR with the number of the version in its name is found by itself. This brings
            it into the registry, from where all workers take it, with a share of 0 at first:
          </Text>
          <CommandLine command={`npm run model -- push ${name} ${next}`} />
          {training !== null && (
            <Text size="sm" c="dimmed">
              A training does the same at its end: see{' '}
              <Anchor component={Link} href={`/data?model=${encodeURIComponent(name)}`} inherit underline="always">
                Data &amp; training
              </Anchor>
              .
            </Text>
          )}
        </Stack>
      </Section>
    </>
  );
}
