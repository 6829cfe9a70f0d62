/**
 * What can go wrong, as a closed set. Two kinds, never mixed:
 *  - `RequestError`: a request was refused, nothing (or nothing new) was stored. Becomes a GraphQL error.
 *  - `TaskError` (task.ts): an accepted task ended badly. That is data of the task, not an error.
 * `ConfigurationError` ends a process with exit code 78 before it serves anything.
 */

/** Codes in `extensions.code` of GraphQL errors. Each is explained in docs/errors.md. */
export const RequestErrorCode = {
  BadUserInput: 'BAD_USER_INPUT',
  QueueFull: 'QUEUE_FULL',
  ResultStoreFull: 'RESULT_STORE_FULL',
  GatewayBusy: 'GATEWAY_BUSY',
  BrokerUnavailable: 'BROKER_UNAVAILABLE',
  NoVersion: 'NO_VERSION',
  RolloutConflict: 'ROLLOUT_CONFLICT',
  RequestIdConflict: 'REQUEST_ID_CONFLICT',
  TaskNotFound: 'TASK_NOT_FOUND',
  DeadLetterNotFound: 'DEAD_LETTER_NOT_FOUND',
  CannotRedrive: 'CANNOT_REDRIVE',
  Forbidden: 'FORBIDDEN',
  TooManyAttempts: 'TOO_MANY_ATTEMPTS',
  HostNotAllowed: 'HOST_NOT_ALLOWED',
  OriginNotAllowed: 'ORIGIN_NOT_ALLOWED',
  PreflightRequired: 'PREFLIGHT_REQUIRED',
  ResultExpired: 'RESULT_EXPIRED',
  ResultUnreadable: 'RESULT_UNREADABLE',
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
  PersistedQueryNotSupported: 'PERSISTED_QUERY_NOT_SUPPORTED',
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

/** @param problem what the gateway has its fill of, as a sentence; `limit` of it. */
export function gatewayBusy(problem: string, limit: number): RequestError {
  return new RequestError(RequestErrorCode.GatewayBusy, `${problem} Try again in a moment.`, {
    details: { retryAfterMs: 1_000, limit },
  });
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
