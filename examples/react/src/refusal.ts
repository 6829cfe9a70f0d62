/** What Tidings refused: the code, and when to try again. */
import { CombinedGraphQLErrors } from '@apollo/client';

interface Refusal {
  readonly message: string;
  readonly code: string | undefined;
  /** Undefined if the same request is always refused. */
  readonly retryAfterMs: number | undefined;
}

/** @returns undefined if the error is no refusal, such as a broken connection. */
export function refusalIn(error: unknown): Refusal | undefined {
  if (!CombinedGraphQLErrors.is(error)) return undefined;
  const [{ message, extensions } = { message: error.message, extensions: {} }] = error.errors;
  return {
    message,
    code: typeof extensions?.code === 'string' ? extensions.code : undefined,
    retryAfterMs: typeof extensions?.retryAfterMs === 'number' ? extensions.retryAfterMs : undefined,
  };
}

/** An error for people. */
export function messageOf(error: unknown): string {
  const refusal = refusalIn(error);
  if (refusal !== undefined)
    return refusal.code === undefined ? refusal.message : `${refusal.message} (${refusal.code})`;
  return error instanceof Error ? error.message : String(error);
}
