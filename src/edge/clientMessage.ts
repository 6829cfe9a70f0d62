/** What a client may say in the protocol `graphql-transport-ws`. */
import { isHashOnly } from './params.ts';
import { halfCharacterIn } from './wireText.ts';

type Members = Readonly<Record<string, unknown>>;

export type ClientMessage =
  | { readonly type: 'connection_init' | 'ping' | 'pong'; readonly payload: Members | undefined }
  | { readonly type: 'complete'; readonly id: string }
  | SubscribeMessage;

export interface SubscribeMessage {
  readonly type: 'subscribe';
  readonly id: string;
  readonly payload: OperationPayload;
  /** Of the message's text, in characters. */
  readonly length: number;
}

interface OperationPayload {
  /** Empty if only a hash came. */
  readonly query: string;
  readonly isHashOnly: boolean;
  readonly operationName: string | undefined;
  readonly variables: Members | undefined;
}

/** Longest id of an operation, in characters: it is kept, and stands in each answer. */
const LONGEST_ID = 256;

/** @returns undefined if it is no message of the protocol. */
export function readMessage(text: string): ClientMessage | undefined {
  const message = parsed(text);
  if (!isMembers(message)) return undefined;
  const { type, id, payload } = message;
  switch (type) {
    case 'connection_init':
    case 'ping':
    case 'pong':
      return isAbsent(payload) || isMembers(payload) ? { type, payload: payload ?? undefined } : undefined;
    case 'complete':
      return isId(id) ? { type, id } : undefined;
    case 'subscribe': {
      const operation = isMembers(payload) ? operationIn(payload) : undefined;
      return isId(id) && operation ? { type, id, payload: operation, length: text.length } : undefined;
    }
    default:
      return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return halfCharacterIn(text) === undefined ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function operationIn(payload: Members): OperationPayload | undefined {
  const { query, operationName, variables, extensions } = payload;
  const isHash = isHashOnly(payload);
  const isText = typeof query === 'string' || (isAbsent(query) && isHash);
  const isName = isAbsent(operationName) || typeof operationName === 'string';
  const areMembers = [variables, extensions].every((member) => isAbsent(member) || isMembers(member));
  if (!isText || !isName || !areMembers) return undefined;
  return {
    query: query ?? '',
    isHashOnly: isHash,
    operationName: operationName ?? undefined,
    variables: isMembers(variables) ? variables : undefined,
  };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_ID;
}
