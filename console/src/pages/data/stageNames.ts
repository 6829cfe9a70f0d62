/** The stages of a training for people. */
import type { StageName, StageState } from '../../api/gql/graphql.ts';

const LABELS: Readonly<Record<StageName, string>> = {
  CHECK: 'Check the files',
  PREPARE: 'Prepare the data',
  TRAIN: 'Train',
  EVALUATE: 'Judge',
  REGISTER: 'Give it a number',
};

const LOOKS: Readonly<Record<StageState, { readonly label: string; readonly color: string }>> = {
  WAITING: { label: 'Waits', color: 'gray' },
  RUNNING: { label: 'Running', color: 'blue' },
  SUCCEEDED: { label: 'Done', color: 'teal' },
  FAILED: { label: 'Failed', color: 'red' },
  SKIPPED: { label: 'Left out', color: 'gray' },
};

export function stageLabel(name: StageName): string {
  return LABELS[name];
}

export function lookOfStage(state: StageState) {
  return LOOKS[state];
}
