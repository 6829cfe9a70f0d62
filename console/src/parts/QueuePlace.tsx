import { useQuery } from '@apollo/client/react';
import { Alert, Group, Loader, Text } from '@mantine/core';
import { graphql } from '../api/gql/gql.ts';
import type { TaskState } from '../api/gql/graphql.ts';
import type { PredictedTask } from '../api/modelOperations.ts';
import { shownCount, shownTime } from './figures.ts';

const PLACE = graphql(`
  query QueuePlace($id: ID!) {
    task(id: $id) {
      id
      position
      estimatedStartAt
      deadline
      servedModel {
        id
        isPaused
      }
    }
  }
`);

const ASK_EVERY_MS = 2_000;

interface QueuePlaceProps {
  readonly id: string;
  readonly state: TaskState;
}

/** The progress of a row batch says more than that it runs. */
export function isWaitShown({ state, batch }: Pick<PredictedTask, 'state' | 'batch'>): boolean {
  return state === 'QUEUED' || (state === 'RUNNING' && batch === null);
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
  const { position, estimatedStartAt, deadline, servedModel } = data?.task ?? {};
  const latest = deadline === undefined ? '' : ` It expires at ${shownTime(deadline)}.`;
  if (isWaiting && servedModel?.isPaused)
    return (
      <Alert color="orange" title="This model is paused" p="xs">
        No worker gets the task until an operator resumes the model.{latest}
      </Alert>
    );
  const before = position != null && position > 0 ? `, ${shownCount(position)} before it` : '';
  const begins = estimatedStartAt == null ? '' : `, begins at about ${shownTime(estimatedStartAt)}`;
  return (
    <Group gap="xs">
      <Loader size="xs" aria-hidden="true" />
      <Text size="sm">
        {isWaiting ? `Waits for a worker${before}${begins}.${latest}` : 'A worker runs it'}
      </Text>
    </Group>
  );
}
