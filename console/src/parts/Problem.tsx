import { Alert } from '@mantine/core';
import { messageOf } from '../api/refusal.ts';

/** What went wrong, beside what caused it; nothing without an error. */
export function Problem({ error }: { readonly error: unknown }) {
  if (error === undefined || error === null) return null;
  return (
    <Alert color="red" role="alert" p="xs" className="wrapped">
      {messageOf(error)}
    </Alert>
  );
}
