import { Alert } from '@mantine/core';

/** What a pause means for clients. */
export function PausedNotice() {
  return (
    <Alert color="orange" title="This model is paused" p="xs">
      No worker gets a task of it. Tasks are accepted until the queue is full, and their time limits go on.
    </Alert>
  );
}
