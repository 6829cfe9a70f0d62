/**
 * Prepares the messages of one WebSocket for graphql-ws. graphql-ws keeps each message, as text and parsed, as long as
 * its operation is open, and the payload of `connection_init` as long as the connection. So messages are stripped of
 * what is not needed. Most messages are short and pass unchanged.
 */
import { CloseCode, MessageType } from 'graphql-ws';
import { parseTraceparent } from '../contract/trace.ts';
import { EdgeCloseCode } from './closeCodes.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { trimSubscribe } from './trimming.ts';
import { halfCharacterIn, textOf } from './wireText.ts';

/** The largest message other than `subscribe`, in bytes. It has a token, or the payload of a ping. */
const SMALL_MESSAGE_BYTES = 8 * 1024;

/** Why a WebSocket is closed. */
interface MessageRefusal {
  readonly code: number;
  readonly reason: string;
}

const TOO_LARGE: MessageRefusal = {
  code: EdgeCloseCode.MessageTooLarge,
  reason: `Only a subscribe message after connection_init may exceed ${SMALL_MESSAGE_BYTES} bytes`,
};
const NOT_UTF8: MessageRefusal = { code: EdgeCloseCode.InvalidText, reason: 'Invalid UTF-8' };
export const INVALID_MESSAGE: MessageRefusal = {
  code: CloseCode.BadRequest,
  reason: 'Invalid message received',
};

/** A message that may have a hash in place of a text. It has to be parsed twice. */
const HASH = /"(?:persistedQuery|documentId)"/;

type Members = Readonly<Record<string, unknown>>;

export class IncomingMessages {
  readonly #pipeline: GraphQLPipeline;
  #isInitialised = false;

  constructor(pipeline: GraphQLPipeline) {
    this.#pipeline = pipeline;
  }

  /**
   * @param bytes of a whole message, from text frames or binary ones.
   * @returns the text for graphql-ws, which also reports messages that break the protocol.
   */
  read(bytes: Buffer): string | MessageRefusal {
    const isSmall = bytes.length <= SMALL_MESSAGE_BYTES;
    if (!isSmall && !this.#isInitialised) return TOO_LARGE;
    const text = textOf(bytes);
    if (text === undefined) return NOT_UTF8;
    if (halfCharacterIn(text) !== undefined) return INVALID_MESSAGE;
    if (!this.#isInitialised) return this.#beforeInit(text);
    const trimmed = trimSubscribe(text, this.#pipeline);
    if (trimmed === undefined) return isSmall ? text : TOO_LARGE;
    return HASH.test(trimmed) ? withQuery(trimmed) : trimmed;
  }

  #beforeInit(text: string): string {
    const { type, payload } = membersOf(text) ?? {};
    if (type !== MessageType.ConnectionInit) return text;
    this.#isInitialised = true;
    return isMembers(payload) ? JSON.stringify({ type, payload: usedOf(payload) }) : text;
  }
}

/** graphql-ws accepts no operation without a text. One that has only a hash or an id gets an empty text. */
function withQuery(json: string): string {
  const { payload, ...message } = membersOf(json) ?? {};
  if (!isMembers(payload) || (payload.query ?? null) !== null) return json;
  return JSON.stringify({ ...message, payload: { ...payload, query: '' } });
}

/** The authorization stands in the payload itself, or in `headers` in it, as some clients send it. */
function usedOf(payload: Members): Members {
  const authorization =
    headerIn(payload) ?? (isMembers(payload.headers) ? headerIn(payload.headers) : undefined);
  const { traceparent } = payload;
  return {
    ...(authorization === undefined ? {} : { authorization }),
    ...(parseTraceparent(traceparent) === undefined ? {} : { traceparent }),
  };
}

function headerIn(members: Members): string | undefined {
  const [, value] = Object.entries(members).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return typeof value === 'string' ? value : undefined;
}

function membersOf(json: string): Members | undefined {
  try {
    const message: unknown = JSON.parse(json);
    return isMembers(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
