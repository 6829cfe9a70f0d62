/** The states of tasks in words and colours. */
import type { TaskState } from '../api/gql/graphql.ts';

interface StateLook {
  readonly label: string;
  readonly color: string;
}

const LOOKS: Readonly<Record<TaskState, StateLook>> = {
  QUEUED: { label: 'Waiting', color: 'gray' },
  RUNNING: { label: 'Running', color: 'blue' },
  SUCCEEDED: { label: 'Succeeded', color: 'teal' },
  FAILED: { label: 'Failed', color: 'red' },
  CANCELED: { label: 'Cancelled', color: 'gray' },
  EXPIRED: { label: 'Expired', color: 'orange' },
};

export const STATES = Object.keys(LOOKS) as TaskState[];

export function lookOf(state: TaskState): StateLook {
  return LOOKS[state];
}

export function isFinal(state: TaskState): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}
