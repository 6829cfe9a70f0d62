/** Streams over Server-Sent Events: the "distinct connections mode" of the GraphQL over SSE protocol. */
import type { ExecutionResult } from 'graphql';
import { MediaType } from './mediaTypes.ts';
import { type Framing, STREAM_HEADERS } from './streaming.ts';

/** A comment line. Clients ignore it. */
const COMMENT = ':\n\n';

export const serverSentEvents: Framing = {
  headers: { 'content-type': MediaType.EventStream, ...STREAM_HEADERS },
  start: COMMENT,
  signOfLife: COMMENT,
  event: (result: ExecutionResult) => `event: next\ndata: ${JSON.stringify(result)}\n\n`,
  end: 'event: complete\ndata:\n\n',
};
