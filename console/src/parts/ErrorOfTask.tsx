import { Alert, Text } from '@mantine/core';

interface ErrorOfTaskProps {
  readonly error: { readonly code: string; readonly message: string };
}

/** Why a task ended without a result. */
export function ErrorOfTask({ error: { code, message } }: ErrorOfTaskProps) {
  return (
    <Alert color="red" p="xs">
      <Text size="sm">{message}</Text>
      <Text size="xs" c="dimmed" mt={2}>
        {code}
      </Text>
    </Alert>
  );
}
