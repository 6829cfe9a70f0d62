/**
 * All errors, as a closed set. There are two kinds, which are never mixed:
 *  - `RequestError`: a request was refused, nothing (or nothing new) was stored. Becomes a GraphQL error.
 *  - `TaskError` (task.ts): an accepted task ended badly. That is data of the task, not an error.
 * `ConfigurationError` ends a process with exit code 78 before it serves anything.
 */

import { withoutTaskIds } from './taskId.ts';

/** Codes in `extensions.code` of GraphQL errors. Each is explained in docs/errors.md. */
export const RequestErrorCode = {
  BadUserInput: 'BAD_USER_INPUT',
  QueueFull: 'QUEUE_FULL',
  ResultStoreFull: 'RESULT_STORE_FULL',
  BlobStoreFull: 'BLOB_STORE_FULL',
  BlobNotFound: 'BLOB_NOT_FOUND',
  GatewayBusy: 'GATEWAY_BUSY',
  RateLimited: 'RATE_LIMITED',
  OwnerQuota: 'OWNER_QUOTA',
  BrokerUnavailable: 'BROKER_UNAVAILABLE',
  NoVersion: 'NO_VERSION',
  RolloutConflict: 'ROLLOUT_CONFLICT',
  VersionInUse: 'VERSION_IN_USE',
  VersionConflict: 'VERSION_CONFLICT',
  SignatureRequired: 'SIGNATURE_REQUIRED',
  RequestIdConflict: 'REQUEST_ID_CONFLICT',
  TaskNotFound: 'TASK_NOT_FOUND',
  DeadLetterNotFound: 'DEAD_LETTER_NOT_FOUND',
  CannotRedrive: 'CANNOT_REDRIVE',
  CannotRetry: 'CANNOT_RETRY',
  Unauthenticated: 'UNAUTHENTICATED',
  AuthUnavailable: 'AUTH_UNAVAILABLE',
  Forbidden: 'FORBIDDEN',
  TooManyAttempts: 'TOO_MANY_ATTEMPTS',
  HostNotAllowed: 'HOST_NOT_ALLOWED',
  OriginNotAllowed: 'ORIGIN_NOT_ALLOWED',
  PreflightRequired: 'PREFLIGHT_REQUIRED',
  ResultExpired: 'RESULT_EXPIRED',
  ResultUnreadable: 'RESULT_UNREADABLE',
  ResultTooLarge: 'RESULT_TOO_LARGE',
  NewerGatewayNeeded: 'NEWER_GATEWAY_NEEDED',
  TaskUnfinished: 'TASK_UNFINISHED',
  NoPrediction: 'NO_PREDICTION',
  ActualConflict: 'ACTUAL_CONFLICT',
  TooManyOperations: 'TOO_MANY_OPERATIONS',
  QueryTooComplex: 'QUERY_TOO_COMPLEX',
  PayloadTooLarge: 'PAYLOAD_TOO_LARGE',
  UnsupportedMediaType: 'UNSUPPORTED_MEDIA_TYPE',
  NotAcceptable: 'NOT_ACCEPTABLE',
  MethodNotAllowed: 'METHOD_NOT_ALLOWED',
  PersistedQueryNotFound: 'PERSISTED_QUERY_NOT_FOUND',
  PersistedQueryNotSupported: 'PERSISTED_QUERY_NOT_SUPPORTED',
  OperationNotPersisted: 'OPERATION_NOT_PERSISTED',
  BadRequest: 'BAD_REQUEST',
  ShuttingDown: 'SHUTTING_DOWN',
} as const;
export type RequestErrorCode = (typeof RequestErrorCode)[keyof typeof RequestErrorCode];

/** A refused request. The message names the field, what was expected and what came; details are for programs. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;
  /** Extra members of `extensions`, such as `retryAfterMs` (milliseconds) or `field`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: RequestErrorCode,
    message: string,
    { details = {}, cause }: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = 'RequestError';
    this.code = code;
    this.details = details;
  }
}

/** The fault of a value in a request. */
export interface InputProblem {
  readonly message: string;
  /** Members of `extensions`, for programs. */
  readonly details: Readonly<Record<string, unknown>>;
}

interface MoreOfProblem {
  /** A remark for a value that looks right; it follows the value in the message. */
  readonly why?: string;
  /** Further details, such as `minimum`. */
  readonly limits?: Readonly<Record<string, unknown>>;
}

/**
 * @param expected to be read after "must be".
 * @param got as short as it may be shown; to be read after "got".
 */
export function wrongValue(
  field: string,
  expected: string,
  got: string,
  { why = '', limits = {} }: MoreOfProblem = {},
): InputProblem {
  return {
    message: `${field} must be ${expected}, got ${got}${why}`,
    details: { field, expected, ...limits, value: got },
  };
}

export function badUserInput({ message, details }: InputProblem): RequestError {
  return new RequestError(RequestErrorCode.BadUserInput, message, { details });
}

/** `BAD_USER_INPUT` for one value, said as `wrongValue` says it. */
export function badValue(field: string, expected: string, got: string, more?: MoreOfProblem): RequestError {
  return badUserInput(wrongValue(field, expected, got, more));
}

/** A client's text, as the message of a refusal shows it. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

/**
 * When a client should try again, in milliseconds: in a moment if the cause is short, such as a restart of the broker;
 * later if it takes longer, such as a full store.
 */
export const RETRY_IN_A_MOMENT_MS = 1_000;
export const RETRY_LATER_MS = 5_000;

/** The refusal of a request that may succeed later. */
export function refusedForNow(
  code: RequestErrorCode,
  message: string,
  {
    retryAfterMs = RETRY_IN_A_MOMENT_MS,
    limit,
    cause,
  }: { readonly retryAfterMs?: number; readonly limit?: number; readonly cause?: unknown } = {},
): RequestError {
  const details = { retryAfterMs, ...(limit === undefined ? {} : { limit }) };
  return new RequestError(code, message, { details, cause });
}

/** @param problem the exhausted limit, as a sentence; `limit` its value. */
export function gatewayBusy(problem: string, limit: number): RequestError {
  return refusedForNow(RequestErrorCode.GatewayBusy, `${problem} Try again in a moment.`, { limit });
}

/** The client was not recognised. @param why a sentence. */
export function unauthenticated(why: string): RequestError {
  return new RequestError(RequestErrorCode.Unauthenticated, why);
}

/**
 * @param needed the role or roles that may do it.
 * @param why which role the client has, and what to do.
 */
export function roleNeeded(needed: string, why: string): RequestError {
  return new RequestError(RequestErrorCode.Forbidden, `This needs the role ${needed}. ${why}`);
}

/** @param reason in a few words; ids of tasks in it are left out. */
export function brokerUnavailable(reason: string, cause?: unknown): RequestError {
  return refusedForNow(
    RequestErrorCode.BrokerUnavailable,
    `The broker does not answer (${withoutTaskIds(reason)}). Try again in a moment.`,
    { cause },
  );
}

/** Ends a subscription: the client finds another gateway, or this one when it has started again. */
export function shuttingDown(): RequestError {
  return new RequestError(RequestErrorCode.ShuttingDown, 'This gateway is shutting down: subscribe again.');
}

/** Wrong environment variables, a wrong manifest or model file: nothing starts until a person mends it. */
export class ConfigurationError extends Error {
  /** A sentence for each thing to mend. */
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const sentences = typeof problems === 'string' ? [problems] : problems;
    super(sentences.join('\n'), options);
    this.name = 'ConfigurationError';
    this.problems = sentences;
  }
}

/** EX_CONFIG of sysexits.h: the supervisor stops everything instead of restarting. */
export const EXIT_CONFIGURATION = 78;

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
