import { Stack } from '@mantine/core';
import { Section } from '../../parts/Section.tsx';
import { AlertList } from './AlertList.tsx';
import { ModelTable } from './ModelTable.tsx';
import type { Stats } from './operations.ts';
import { ProcessTable } from './ProcessTable.tsx';
import { QueueTable } from './QueueTable.tsx';
import { StoreTable } from './StoreTable.tsx';
import type { Sample } from './samples.ts';
import { Trends } from './Trends.tsx';

interface OverviewProps {
  readonly stats: Stats;
  readonly samples: readonly Sample[];
}

/** The present figures: first what needs attention, last what seldom does. */
export function Overview({ stats, samples }: OverviewProps) {
  const { alerts, models, queues, processes, stores } = stats;
  return (
    <Stack gap="md">
      <Section title="Needs attention">
        <AlertList alerts={alerts} />
      </Section>
      <Trends samples={samples} models={models.map(({ modelName }) => modelName)} />
      <Section title="Models">
        <ModelTable models={models} queues={queues} alerts={alerts} />
      </Section>
      <Section title="Queues">
        <QueueTable queues={queues} />
      </Section>
      <Section title="Processes">
        <ProcessTable processes={processes} />
      </Section>
      <Section title="Stores">
        <StoreTable stores={stores} />
      </Section>
    </Stack>
  );
}
