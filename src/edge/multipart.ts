/**
 * Subscriptions as Apollo's clients have them over HTTP: one part of a multipart answer for each event, in the
 * multipart subscription protocol of Apollo, version 1.0.
 */
import type { ExecutionResult } from 'graphql';
import { type Framing, STREAM_HEADERS } from './streaming.ts';

/** A part counts as complete once the boundary behind it has come, so that follows at once. */
const BOUNDARY = '\r\n--graphql';

export const multipart: Framing = {
  headers: {
    'content-type': 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
    ...STREAM_HEADERS,
  },
  start: BOUNDARY,
  signOfLife: partOf({}),
  event: (result: ExecutionResult) => partOf({ payload: result }),
  end: '--\r\n',
};

function partOf(content: object): string {
  return `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(content)}${BOUNDARY}`;
}
