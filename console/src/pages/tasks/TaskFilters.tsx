import { Chip, Group, Select, TextInput } from '@mantine/core';
import { memo, useEffect, useState } from 'react';
import type { TaskState } from '../../api/gql/graphql.ts';
import { useModels } from '../../api/models.ts';
import { lookOf, STATES } from '../../parts/states.ts';
import type { FilterChoice } from './filterChoice.ts';

/** A label counts once the user stops typing. */
const TYPING_MS = 300;

interface TaskFiltersProps {
  readonly choice: FilterChoice;
  readonly onChange: (choice: FilterChoice) => void;
  readonly canSeeAll: boolean;
}

/** It is not drawn again while only tasks change. */
export const TaskFilters = memo(function TaskFilters({ choice, onChange, canSeeAll }: TaskFiltersProps) {
  const { models } = useModels();
  const [label, setLabel] = useState(choice.label);
  useEffect(() => setLabel(choice.label), [choice.label]);
  useEffect(() => {
    if (label === choice.label) return;
    const timer = setTimeout(() => onChange({ ...choice, label }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [label, choice, onChange]);
  return (
    <Group gap="sm" role="search" aria-label="Filter the tasks">
      <Chip.Group
        multiple
        value={[...choice.states]}
        onChange={(states) => onChange({ ...choice, states: states as TaskState[] })}
      >
        <Group gap={6}>
          {STATES.map((state) => (
            <Chip key={state} value={state} size="xs" variant="outline">
              {lookOf(state).label}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <Select
        aria-label="Model"
        placeholder="All models"
        size="xs"
        w={150}
        clearable
        clearButtonProps={{ 'aria-label': 'All models' }}
        data={models?.map(({ name }) => name) ?? []}
        value={choice.model ?? null}
        onChange={(model) => onChange({ ...choice, model: model ?? undefined })}
      />
      <TextInput
        aria-label="Label"
        placeholder="Label"
        size="xs"
        w={130}
        value={label}
        onChange={({ currentTarget }) => setLabel(currentTarget.value)}
      />
      {canSeeAll && (
        <Chip
          size="xs"
          variant="outline"
          checked={choice.isMine}
          onChange={(isMine) => onChange({ ...choice, isMine })}
        >
          Only mine
        </Chip>
      )}
    </Group>
  );
});
