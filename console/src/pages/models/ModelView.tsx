import { Text } from '@mantine/core';
import { useIsOperator } from '../../api/signedIn.ts';
import { Section } from '../../parts/Section.tsx';
import { BringVersion } from './BringVersion.tsx';
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
  const { name, versions, isPaused } = model;
  const isTried = versions.some(({ shadowPercent }) => shadowPercent > 0);
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
      {isOperator && (
        <Section title="Bring a version">
          <BringVersion model={model} refresh={refresh} />
        </Section>
      )}
    </>
  );
}
