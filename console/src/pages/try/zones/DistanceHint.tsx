import { Button, Group, Text } from '@mantine/core';
import type { ModelField } from '../../../api/models.ts';
import type { Draft } from '../draft.ts';
import type { Drafts } from '../exampleDrafts.ts';
import { ROAD_FACTOR, roadMiles } from './roadMiles.ts';

interface DistanceHintProps {
  /** Where a trip begins, and where it ends. */
  readonly zones: readonly ModelField[];
  /** The input that is its distance. */
  readonly distance: ModelField;
  readonly drafts: Drafts;
  readonly onChange: (name: string, draft: Draft) => void;
}

/** Suggests a distance that fits the zones: clicks on the map do not change it by themselves. */
export function DistanceHint({ zones, distance, drafts, onChange }: DistanceHintProps) {
  const [from = '', to = ''] = zones.map(({ name }) => String(drafts[name]));
  const miles = roadMiles(from, to)?.toFixed(1);
  return (
    <Group gap="xs" mih={30}>
      <Text size="xs" c="dimmed">
        {miles === undefined
          ? 'The map suggests no distance for these zones.'
          : `Suggested distance, ${ROAD_FACTOR} times the straight line:`}
      </Text>
      {miles !== undefined && (
        <Button
          variant="default"
          size="xs"
          disabled={drafts[distance.name] === miles}
          onClick={() => onChange(distance.name, miles)}
        >
          Use {miles} miles
        </Button>
      )}
    </Group>
  );
}
