import { useMutation } from '@apollo/client/react';
import { ConfirmButton } from '../../parts/ConfirmButton.tsx';
import { CANCEL_WORK } from './operations.ts';

interface CancelButtonProps {
  readonly id: string;
  readonly isTraining: boolean;
}

/** Ends a training or a check. Its end is pushed into the page. */
export function CancelButton({ id, isTraining }: CancelButtonProps) {
  const [cancel] = useMutation(CANCEL_WORK, { variables: { id } });
  const what = isTraining ? 'the training' : 'the check';
  return (
    <ConfirmButton label="Cancel it" confirm={`Cancel ${what}`} size="xs" isHarsh run={cancel}>
      {isTraining ? 'The training ends now, without a version.' : 'The check ends now, without a verdict.'}
    </ConfirmButton>
  );
}
