/** The codes of refused requests, so that clients can have them as a type. */
import { RequestErrorCode } from '../src/contract/errors.ts';
import type { Builder } from './builder.ts';

export type RequestErrorCodeRef = ReturnType<typeof defineRequestErrorCode>;

/** Codes that graphql-yoga gives. */
type GraphQLErrorCode = 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED' | 'INTERNAL_SERVER_ERROR';

const DESCRIPTIONS: Readonly<Record<RequestErrorCode | GraphQLErrorCode, string>> = {
  [RequestErrorCode.BadUserInput]: 'A value does not fit its type, its manifest or its range.',
  [RequestErrorCode.QueueFull]: 'The queue of the model is full.',
  [RequestErrorCode.ResultStoreFull]: 'There is no room for the result.',
  [RequestErrorCode.GatewayBusy]: 'The gateway has reached one of its limits.',
  [RequestErrorCode.BrokerUnavailable]: 'The broker does not answer.',
  [RequestErrorCode.NoVersion]: 'No version of the model can be read.',
  [RequestErrorCode.RolloutConflict]: 'Another operator set the rollout at the same time.',
  [RequestErrorCode.RequestIdConflict]: 'The `requestId` came with another input before.',
  [RequestErrorCode.TaskNotFound]: 'There is no such task.',
  [RequestErrorCode.DeadLetterNotFound]: 'There is no such dead letter.',
  [RequestErrorCode.CannotRedrive]: 'The job of the dead letter cannot be run.',
  [RequestErrorCode.Forbidden]: 'The field is for operators.',
  [RequestErrorCode.TooManyAttempts]: 'Too many wrong tokens came.',
  [RequestErrorCode.HostNotAllowed]: 'The gateway does not answer under this name.',
  [RequestErrorCode.OriginNotAllowed]: 'Web pages of this origin may not call the gateway.',
  [RequestErrorCode.PreflightRequired]: 'A query over GET lacks the header that other web pages cannot send.',
  [RequestErrorCode.ResultExpired]: 'The result is not kept any more.',
  [RequestErrorCode.ResultUnreadable]: 'The stored result does not fit the manifest.',
  [RequestErrorCode.NewerGatewayNeeded]: 'Only a newer gateway can read it.',
  [RequestErrorCode.TaskUnfinished]: 'The task has not ended.',
  [RequestErrorCode.NoPrediction]: 'The task has no prediction that an actual belongs to.',
  [RequestErrorCode.ActualConflict]: 'Other values were reported of the task before.',
  [RequestErrorCode.TooManyOperations]: 'The WebSocket has too many open operations.',
  [RequestErrorCode.QueryTooComplex]: 'The operation asks for too much at once.',
  [RequestErrorCode.PayloadTooLarge]: 'The request is too large.',
  [RequestErrorCode.UnsupportedMediaType]: 'The gateway cannot read this media type or encoding.',
  [RequestErrorCode.NotAcceptable]: 'No accepted media type can carry the answer.',
  [RequestErrorCode.MethodNotAllowed]: 'The HTTP method is not allowed here.',
  [RequestErrorCode.PersistedQueryNotSupported]: 'The request has no text of an operation.',
  [RequestErrorCode.BadRequest]: 'The body is not a GraphQL request.',
  [RequestErrorCode.ShuttingDown]: 'The gateway stops while a subscription waits.',
  GRAPHQL_PARSE_FAILED: 'The text is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The operation does not fit the schema.',
  INTERNAL_SERVER_ERROR: "Unforeseen. The gateway's log has the cause.",
};

export function defineRequestErrorCode(builder: Builder) {
  return builder.enumType('RequestErrorCode', {
    description:
      'Why a request was refused: `extensions.code` of its error. docs/errors.md tells for each what to do.',
    values: mapValues(DESCRIPTIONS, (description) => ({ description })),
  });
}

function mapValues<Key extends string, From, To>(
  record: Readonly<Record<Key, From>>,
  change: (from: From) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(record).map(([key, value]) => [key, change(value)] as const);
  return Object.fromEntries(entries) as Record<Key, To>;
}
