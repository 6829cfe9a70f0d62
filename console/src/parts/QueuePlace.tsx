import { useQuery } from '@apollo/client/react';
import { Group, Loader, Text } from '@mantine/core';
import { graphql } from '../api/gql/gql.ts';
import type { TaskState } from '../api/gql/graphql.ts';
import { shownCount, shownTime } from './figures.ts';

const PLACE = graphql(`
  query QueuePlace($id: ID!) {
    task(id: $id) {
      id
      position
      estimatedStartAt
    }
  }
`);

const ASK_EVERY_MS = 2_000;

interface QueuePlaceProps {
  readonly id: string;
  readonly state: TaskState;
}

/** Where a task stands while it waits. A short wait is over before this asks. */
export function QueuePlace({ id, state }: QueuePlaceProps) {
  const isWaiting = state === 'QUEUED';
  const { data } = useQuery(PLACE, {
    variables: { id },
    pollInterval: isWaiting ? ASK_EVERY_MS : 0,
    skip: !isWaiting,
    fetchPolicy: 'no-cache',
  });
  const { position, estimatedStartAt } = data?.task ?? {};
  return (
    <Group gap="xs">
      <Loader size="xs" aria-hidden="true" />
      <Text size="sm">
        {isWaiting ? 'Waits for a worker' : 'A worker runs it'}
        {isWaiting && position != null && position > 0 && `, ${shownCount(position)} before it`}
        {isWaiting && estimatedStartAt != null && `, begins at about ${shownTime(estimatedStartAt)}`}
      </Text>
    </Group>
  );
}
