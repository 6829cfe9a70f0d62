import { Alert } from '@mantine/core';
import { messageOf } from '../api/refusal.ts';

/** What went wrong, beside what caused it: an error, or its text. Nothing without one. */
export function Problem({ error }: { readonly error: unknown }) {
  if (error === undefined || error === null) return null;
  return (
    <Alert color="red" role="alert" p="xs" className="wrapped">
      {typeof error === 'string' ? error : messageOf(error)}
    </Alert>
  );
}
