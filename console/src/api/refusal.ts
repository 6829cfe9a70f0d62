/** What the gateway refused: the text for people, and when to try again. */
import { CombinedGraphQLErrors, ServerError } from '@apollo/client';

export interface Refusal {
  readonly message: string;
  /** Undefined if the same request is always refused. */
  readonly retryAfterMs: number | undefined;
  /** What in the request it is about, if the gateway says so. */
  readonly field: string | undefined;
}

interface GraphQLErrorLike {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** @returns undefined if the error is no refusal, such as a broken connection. */
export function refusalIn(error: unknown): Refusal | undefined {
  if (CombinedGraphQLErrors.is(error)) return refusalOf(error.errors[0] ?? { message: error.message });
  if (ServerError.is(error)) {
    const first = errorsIn(error.bodyText)[0];
    return first === undefined ? undefined : refusalOf(first);
  }
  return undefined;
}

/** A message for people: of what the page has found wrong by itself, or of an answer beside GraphQL. */
export class PageProblem extends Error {}

/** A request for bytes that the gateway has refused, by its answer. */
export function refusedBytes(status: number, body: string): PageProblem {
  return new PageProblem(errorsIn(body)[0]?.message ?? `The gateway answered ${status}.`);
}

/** An error for people. */
export function messageOf(error: unknown): string {
  if (error instanceof PageProblem) return error.message;
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refusal.message;
  if (isTemporary(error)) return 'The gateway does not answer.';
  return error instanceof Error ? error.message : String(error);
}

/** Whether no answer came, or one of a proxy whose gateway is away. */
export function isTemporary(error: unknown): boolean {
  if (CombinedGraphQLErrors.is(error)) return false;
  return !ServerError.is(error) || error.statusCode >= 500;
}

function refusalOf({ message, extensions }: GraphQLErrorLike): Refusal {
  return {
    message,
    retryAfterMs: typeof extensions?.retryAfterMs === 'number' ? extensions.retryAfterMs : undefined,
    field: typeof extensions?.field === 'string' ? extensions.field : undefined,
  };
}

function errorsIn(body: string): readonly GraphQLErrorLike[] {
  try {
    const { errors } = JSON.parse(body);
    return Array.isArray(errors) ? errors : [];
  } catch {
    return [];
  }
}
