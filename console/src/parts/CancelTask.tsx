import { useMutation } from '@apollo/client/react';
import { Button } from '@mantine/core';
import { graphql } from '../api/gql/gql.ts';
import { Problem } from './Problem.tsx';

const CANCEL = graphql(`
  mutation CancelTask($id: ID!) {
    cancelTask(id: $id) {
      id
      state
    }
  }
`);

/** Ends a task. Its end is pushed into the page. */
export function CancelTask({ id }: { readonly id: string }) {
  const [cancel, { loading, error }] = useMutation(CANCEL, { variables: { id }, fetchPolicy: 'no-cache' });
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
        Cancel the task
      </Button>
      <Problem error={error} />
    </>
  );
}
