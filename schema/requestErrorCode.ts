/** The codes of refused requests, so that clients can have them as a type. */
import { RequestErrorCode } from '../src/contract/errors.ts';
import type { Builder } from './builder.ts';

export type RequestErrorCodeRef = ReturnType<typeof defineRequestErrorCode>;

/** Codes that do not come from a `RequestError`. */
type GraphQLErrorCode = 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED' | 'INTERNAL_SERVER_ERROR';

const VALUES: Readonly<Record<RequestErrorCode | GraphQLErrorCode, { readonly description: string }>> = {
  [RequestErrorCode.BadUserInput]: {
    description: 'A value does not fit its type, its manifest or its range.',
  },
  [RequestErrorCode.QueueFull]: { description: 'The queue of the model is full.' },
  [RequestErrorCode.ResultStoreFull]: { description: 'There is no room for the result.' },
  [RequestErrorCode.BlobStoreFull]: { description: 'There is no room for the blob.' },
  [RequestErrorCode.BlobNotFound]: { description: 'The owner has no such blob, or not for long enough.' },
  [RequestErrorCode.RateLimited]: { description: 'The owner or the address has used up a rate.' },
  [RequestErrorCode.OwnerQuota]: { description: 'The owner has as much as its quotas or its share allow.' },
  [RequestErrorCode.GatewayBusy]: { description: 'The gateway has reached one of its limits.' },
  [RequestErrorCode.BrokerUnavailable]: { description: 'The broker does not answer.' },
  [RequestErrorCode.NoVersion]: { description: 'No version of the model can answer now.' },
  [RequestErrorCode.RolloutConflict]: { description: 'Another operator set the rollout at the same time.' },
  [RequestErrorCode.VersionInUse]: { description: 'The rollout names the version that is to be retired.' },
  [RequestErrorCode.VersionConflict]: {
    description: 'The number of the version is that of another one, or of one that is retired.',
  },
  [RequestErrorCode.SignatureRequired]: {
    description: 'Versions must be signed here, which a gateway cannot do.',
  },
  [RequestErrorCode.RequestIdConflict]: { description: 'The `requestId` came with another input before.' },
  [RequestErrorCode.TaskNotFound]: { description: 'There is no such task.' },
  [RequestErrorCode.DeadLetterNotFound]: { description: 'There is no such dead letter.' },
  [RequestErrorCode.CannotRetry]: {
    description: 'The task cannot be run again. The message tells what to do instead.',
  },
  [RequestErrorCode.CannotRedrive]: { description: 'The job of the dead letter cannot be run.' },
  [RequestErrorCode.Forbidden]: { description: 'The role of the client does not allow it.' },
  [RequestErrorCode.Unauthenticated]: { description: 'No valid key or token came.' },
  [RequestErrorCode.AuthUnavailable]: { description: 'The token cannot be checked at present.' },
  [RequestErrorCode.TooManyAttempts]: { description: 'Too many wrong tokens came.' },
  [RequestErrorCode.HostNotAllowed]: { description: 'The gateway does not answer under this name.' },
  [RequestErrorCode.OriginNotAllowed]: { description: 'Web pages of this origin may not call the gateway.' },
  [RequestErrorCode.PreflightRequired]: {
    description: 'A query over GET lacks the header that other web pages cannot send.',
  },
  [RequestErrorCode.ResultExpired]: { description: 'The result is not kept any more.' },
  [RequestErrorCode.ResultUnreadable]: { description: 'The stored result does not fit the manifest.' },
  [RequestErrorCode.ResultTooLarge]: {
    description: 'The tensors that were asked for do not fit into one answer.',
  },
  [RequestErrorCode.NewerGatewayNeeded]: { description: 'Only a newer gateway can read it.' },
  [RequestErrorCode.TaskUnfinished]: { description: 'The task has not ended.' },
  [RequestErrorCode.NoPrediction]: { description: 'The task has no prediction that an actual belongs to.' },
  [RequestErrorCode.ActualConflict]: { description: 'Other values were reported of the task before.' },
  [RequestErrorCode.TooManyOperations]: { description: 'The WebSocket has too many open operations.' },
  [RequestErrorCode.QueryTooComplex]: { description: 'The operation asks for too much at once.' },
  [RequestErrorCode.PayloadTooLarge]: { description: 'The request is too large.' },
  [RequestErrorCode.UnsupportedMediaType]: {
    description: 'The gateway cannot read this media type or encoding.',
  },
  [RequestErrorCode.NotAcceptable]: { description: 'No accepted media type can carry the answer.' },
  [RequestErrorCode.MethodNotAllowed]: { description: 'The HTTP method is not allowed here.' },
  [RequestErrorCode.PersistedQueryNotSupported]: {
    description:
      'The request has a hash or an id instead of a text, and this gateway knows no operation by it.',
  },
  [RequestErrorCode.PersistedQueryNotFound]: {
    description: 'The gateway does not know the text of this hash: send it.',
  },
  [RequestErrorCode.OperationNotPersisted]: { description: 'The gateway runs only persisted operations.' },
  [RequestErrorCode.BadRequest]: { description: 'The body is not a GraphQL request.' },
  [RequestErrorCode.ShuttingDown]: { description: 'The gateway stops while a subscription waits.' },
  GRAPHQL_PARSE_FAILED: { description: 'The text is not GraphQL.' },
  GRAPHQL_VALIDATION_FAILED: { description: 'The operation does not fit the schema.' },
  INTERNAL_SERVER_ERROR: { description: "Unforeseen. The gateway's log has the cause." },
};

export function defineRequestErrorCode(builder: Builder) {
  return builder.enumType('RequestErrorCode', {
    description:
      'Why a request was refused: `extensions.code` of its error. docs/errors.md tells for each what to do.',
    values: VALUES,
  });
}
