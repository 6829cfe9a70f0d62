/** The HTTP answer to operations that were refused because of a quota. */
import type { ServerResponse } from 'node:http';
import { GraphQLError } from 'graphql';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';

const CODES: readonly string[] = [RequestErrorCode.RateLimited, RequestErrorCode.OwnerQuota];

/**
 * @param errors of an operation of which nothing was done.
 * @returns 429 if it was refused because of a quota. The answer then has a header that says when to try again.
 */
export function quotaStatus(errors: readonly unknown[], response: ServerResponse): 429 | undefined {
  const waits = errors.flatMap((error) => retryAfterMs(error) ?? []);
  if (waits.length === 0) return undefined;
  response.setHeader('retry-after', String(Math.ceil(Math.max(...waits) / 1_000)));
  return 429;
}

/** @returns undefined if the error is another one. */
function retryAfterMs(error: unknown): number | undefined {
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (!(cause instanceof RequestError) || !CODES.includes(cause.code)) return undefined;
  return Number(cause.details.retryAfterMs);
}
