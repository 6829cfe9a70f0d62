/**
 * Close codes of RFC 6455, section 7.4.1, and one of our own. Those of `graphql-transport-ws` are `CloseCode` of
 * graphql-ws.
 */
export const EdgeCloseCode = {
  GoingAway: 1001,
  InvalidText: 1007,
  TooSlowToSend: 1008,
  MessageTooLarge: 1009,
  TryAgainLater: 1013,
  /** On it `graphql-ws` connects again. */
  TooSlowToRead: 4013,
} as const;
