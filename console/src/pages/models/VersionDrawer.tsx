import { Drawer, Stack, Text } from '@mantine/core';
import { ChecksTable } from '../../parts/ChecksTable.tsx';
import { FactList } from '../../parts/FactList.tsx';
import { shownBytes, shownTime } from '../../parts/figures.ts';
import { purposeOf } from '../../parts/purposes.ts';
import { Section } from '../../parts/Section.tsx';
import { useGateChecks } from '../../parts/useGateChecks.ts';
import type { SeenVersion } from './operations.ts';

interface VersionDrawerProps {
  readonly model: string;
  readonly version: SeenVersion;
  readonly close: () => void;
}

/** What a version was made of, and what it had to pass. */
export function VersionDrawer({ model, version: seen, close }: VersionDrawerProps) {
  const { version, reason, digest, createdAt, bytes, runtime, environment, trainedOn, provenance } = seen;
  const checks = useGateChecks(model, seen.gates);
  return (
    <Drawer opened onClose={close} size="lg" title={`Version ${version}`}>
      <Stack gap="md">
        <FactList
          facts={[
            ['Refused because', reason],
            ['Made', shownTime(createdAt)],
            ['Size', bytes === null ? null : shownBytes(bytes)],
            ['Runs in', runtime],
            ['Environment', environment],
            ['Trained on', trainedOn.join(', ') || null],
            ['SHA-256', digest],
          ]}
        />
        {provenance === null ? (
          <Text size="sm" c="dimmed">
            No training of Tidings made it, so more is not known of where it comes from.
          </Text>
        ) : (
          <Section title="What it was trained of">
            <FactList
              facts={[
                ...purposesOf(provenance.datasets),
                ['Recipe', `${provenance.recipe} (${provenance.recipeDigest.slice(0, 12)}…)`],
                ...provenance.params.map(({ name, value }) => [name, value] as const),
                ['Seed', String(provenance.seed)],
                ['Environment', provenance.environment],
                ['Made again elsewhere', provenance.reproducible ? 'possible' : 'only with the same machine'],
                ['Trainer', provenance.trainer],
                ['Revision of the source', provenance.revision],
                ['Run', provenance.runKey],
              ]}
            />
          </Section>
        )}
        {checks.length > 0 && (
          <Section title="The gate that it passed">
            <ChecksTable checks={checks} />
          </Section>
        )}
      </Stack>
    </Drawer>
  );
}

type Used = NonNullable<SeenVersion['provenance']>['datasets'];

/** The datasets by what they were used for. */
function purposesOf(datasets: Used): readonly (readonly [name: string, value: string])[] {
  return [...Map.groupBy(datasets, ({ use }) => purposeOf(use))].map(([purpose, own]) => [
    purpose,
    own.map(({ name, digest }) => `${name} (${digest.slice(0, 12)}…)`).join(', '),
  ]);
}
