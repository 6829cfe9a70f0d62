import { useMutation } from '@apollo/client/react';
import { ConfirmButton } from '../../parts/ConfirmButton.tsx';
import { RETIRE_VERSION } from './operations.ts';

interface RetireButtonProps {
  readonly model: string;
  readonly version: string;
  readonly refresh: () => Promise<void>;
}

/** Retires a version of the registry, once its operator has read that this is for good. */
export function RetireButton({ model, version, refresh }: RetireButtonProps) {
  const [retire] = useMutation(RETIRE_VERSION, { variables: { model, version } });
  return (
    <ConfirmButton
      label="Retire"
      spokenLabel={`Retire version ${version}`}
      confirm="Retire it for good"
      isHarsh
      run={() => retire().then(refresh)}
    >
      It gets no more tasks, and those that it has are finished. Its files are removed, and its number is
      never used again.
    </ConfirmButton>
  );
}
