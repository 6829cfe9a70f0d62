import { useMutation } from '@apollo/client/react';
import { Button } from '@mantine/core';
import { Problem } from '../../parts/Problem.tsx';
import { CANCEL_WORK } from './operations.ts';

/** Ends a training or a check. Its end is pushed into the page. */
export function CancelButton({ id }: { readonly id: string }) {
  const [cancel, { loading, error }] = useMutation(CANCEL_WORK, { variables: { id } });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        loading={loading}
        onClick={() => {
          // The error stands beside the button.
          cancel().catch(() => {});
        }}
      >
        Cancel it
      </Button>
      <Problem error={error} />
    </>
  );
}
