import { Button, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { FactList } from '../../parts/FactList.tsx';
import { purposeOf } from '../../parts/purposes.ts';
import type { TrainingSettings } from './operations.ts';
import { isRepeatable } from './trainDraft.ts';

interface SettingsProps {
  /** Of the task. */
  readonly id: string;
  readonly owner: string | null;
  readonly settings: TrainingSettings;
}

/** What a training was asked for, by whom, and the way to ask for it again. */
export function Settings({ id, owner, settings }: SettingsProps) {
  const isOperator = useIsOperator();
  const { datasets, holdoutPercent, splitBy, recipe, params, seed, class: trainers } = settings;
  return (
    <Stack gap="sm" align="start">
      <FactList
        facts={[
          ...[...Map.groupBy(datasets, ({ use }) => purposeOf(use))].map(
            ([purpose, own]) => [purpose, <DatasetLinks key={purpose} datasets={own} />] as const,
          ),
          [
            'Held out to judge',
            holdoutPercent === null
              ? null
              : `${holdoutPercent} % of the rows, ${splitBy === 'TIME' ? 'the latest' : 'any, by a digest of the row'}`,
          ],
          ['Recipe', recipe],
          ...params.map(({ name, value }) => [`Parameter ${name}`, value] as const),
          ['Seed', String(seed)],
          ['Class of trainers', trainers],
          ['Owner', owner],
        ]}
      />
      {isOperator && isRepeatable(settings) && (
        <Button
          component={Link}
          size="xs"
          variant="default"
          href={`/training/new?again=${encodeURIComponent(id)}`}
        >
          Train again with these settings
        </Button>
      )}
      {isOperator && !isRepeatable(settings) && (
        <Text size="sm" c="dimmed">
          The form takes one dataset to train on and one to judge by. To train again with these, use
          trainModel of the API.
        </Text>
      )}
    </Stack>
  );
}

function DatasetLinks({ datasets }: { readonly datasets: TrainingSettings['datasets'] }) {
  return datasets.map(({ name, digest }) => (
    <div key={`${name} ${digest}`}>
      <Link href={`/training/sets/${name}/${digest}`} className="link">
        {name}
      </Link>{' '}
      {digest.slice(0, 8)}
    </div>
  ));
}
