import { useMutation } from '@apollo/client/react';
import { graphql } from '../api/gql/gql.ts';
import { type ButtonSize, ConfirmButton } from './ConfirmButton.tsx';

const PAUSE_MODEL = graphql(`
  mutation PauseModel($model: String!) {
    pauseModel(model: $model) {
      id
      isPaused
    }
  }
`);

const RESUME_MODEL = graphql(`
  mutation ResumeModel($model: String!) {
    resumeModel(model: $model) {
      id
      isPaused
    }
  }
`);

interface PauseButtonProps {
  readonly model: string;
  readonly isPaused: boolean;
  readonly size?: ButtonSize;
  /** Asks for what the page shows of the model again. */
  readonly refresh?: () => Promise<void>;
}

/** Pauses or resumes a model once its operator has read what that does. */
export function PauseButton({ model, isPaused, size, refresh }: PauseButtonProps) {
  const [pause] = useMutation(PAUSE_MODEL, { variables: { model } });
  const [resume] = useMutation(RESUME_MODEL, { variables: { model } });
  return isPaused ? (
    <ConfirmButton label="Resume" confirm={`Resume ${model}`} size={size} run={() => resume().then(refresh)}>
      Workers get the tasks that wait, and new ones.
    </ConfirmButton>
  ) : (
    <ConfirmButton
      label="Pause"
      confirm={`Pause ${model}`}
      size={size}
      isHarsh
      run={() => pause().then(refresh)}
    >
      Workers get no task of this model until it is resumed. Runs go on, new tasks are accepted until the
      queue is full, and time limits go on.
    </ConfirmButton>
  );
}
