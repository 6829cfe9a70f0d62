/**
 * One WebSocket's conversation in the protocol `graphql-transport-ws`. It holds no more of what a client has said than it
 * needs: of `connection_init` the authorization, of an operation its declared variables, both within limits in bytes.
 */
import type { IncomingMessage } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, OperationTypeNode } from 'graphql';
import { gatewayBusy, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type ByteBudget, noRoomIn } from './byteBudget.ts';
import { type ClientMessage, readMessage, type SubscribeMessage } from './clientMessage.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { declaredOnly } from './operations.ts';
import { persistedQueryNotSupported } from './params.ts';
import { presentError, withoutHttp } from './requestRules.ts';
import { trimMessage } from './trimming.ts';
import { textOf } from './wireText.ts';

export const PROTOCOL = 'graphql-transport-ws';

/** Which of the protocols that a client offers is taken; false if none is ours. */
export function handleProtocols(offered: ReadonlySet<string>): string | false {
  return offered.has(PROTOCOL) && PROTOCOL;
}

/** Close codes of the protocol, and of RFC 6455, section 7.4.1. */
export const CloseCode = {
  GoingAway: 1001,
  InvalidText: 1007,
  TooSlowToSend: 1008,
  MessageTooLarge: 1009,
  TryAgainLater: 1013,
  /** On it `graphql-ws` connects again. */
  TooSlowToRead: 4013,
  InvalidMessage: 4400,
  Unauthorized: 4401,
  UnknownProtocol: 4406,
  NoInit: 4408,
  IdInUse: 4409,
  SecondInit: 4429,
  Unforeseen: 4500,
} as const;

/** Largest message but `subscribe`, in bytes: a token, or the payload of a ping. */
export const SMALL_MESSAGE_BYTES = 8 * 1024;

export interface ConversationOptions {
  readonly pipeline: GraphQLPipeline;
  readonly request: IncomingMessage;
  readonly maxOperations: number;
  /** The connection's share. */
  readonly budget: ByteBudget;
  /** Sends a text; resolves once it has left, where much waits before it. */
  readonly deliver: (text: string) => Promise<void> | undefined;
  readonly close: (code: number, reason: string) => void;
  readonly log: Logger;
}

/** Why a WebSocket is closed. */
interface Refusal {
  readonly code: number;
  readonly reason: string;
}

const TOO_LARGE: Refusal = {
  code: CloseCode.MessageTooLarge,
  reason: `Only a subscribe message after connection_init may exceed ${SMALL_MESSAGE_BYTES} bytes`,
};

interface OpenOperation {
  readonly id: string;
  readonly gone: AbortController;
  readonly heldBytes: number;
  /** Of a subscription, once it has begun. */
  events: AsyncIterableIterator<ExecutionResult> | undefined;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #open = new Map<string, OpenOperation>();
  #acknowledged = false;
  #ended = false;
  #authorization: unknown;

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** Whether `connection_init` has come: before, only a small message may. */
  get isAcknowledged(): boolean {
    return this.#acknowledged;
  }

  /** @param bytes of a whole message, from a text frame or a binary one. */
  hear(bytes: Buffer): void {
    if (this.#ended) return;
    const message = this.#read(bytes);
    const refusal = 'code' in message ? message : this.#answer(message);
    if (refusal === undefined) return;
    this.#ended = true;
    this.#options.close(refusal.code, refusal.reason);
  }

  /** The connection is closed: every operation ends. */
  end(): void {
    this.#ended = true;
    for (const operation of this.#open.values()) leave(operation);
    this.#open.clear();
  }

  #read(bytes: Buffer): ClientMessage | Refusal {
    const isSmall = bytes.length <= SMALL_MESSAGE_BYTES;
    if (!isSmall && !this.#acknowledged) return TOO_LARGE;
    const text = textOf(bytes);
    if (text === undefined) return { code: CloseCode.InvalidText, reason: 'Invalid UTF-8' };
    const message = readMessage(trimMessage(text, this.#options.pipeline.operations));
    if (message === undefined) return { code: CloseCode.InvalidMessage, reason: 'Invalid message received' };
    return isSmall || message.type === 'subscribe' ? message : TOO_LARGE;
  }

  #answer(message: ClientMessage): Refusal | undefined {
    switch (message.type) {
      case 'connection_init':
        return this.#begin(message.payload);
      case 'subscribe':
        return this.#subscribe(message);
      case 'complete':
        this.#complete(message.id);
        return undefined;
      case 'ping':
        this.#send({ type: 'pong', ...(message.payload && { payload: message.payload }) });
        return undefined;
      case 'pong':
        return undefined;
    }
  }

  #begin(payload: Readonly<Record<string, unknown>> = {}): Refusal | undefined {
    if (this.#acknowledged) return { code: CloseCode.SecondInit, reason: 'Too many initialisation requests' };
    this.#acknowledged = true;
    [, this.#authorization] =
      Object.entries(payload).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
    this.#send({ type: 'connection_ack' });
    return undefined;
  }

  #complete(id: string): void {
    const operation = this.#open.get(id);
    if (operation === undefined) return;
    this.#open.delete(id);
    leave(operation);
  }

  /** Not async, and what it is given is not passed on: an operation that stays open would keep all of it. */
  #subscribe(message: SubscribeMessage): Refusal | undefined {
    const { id } = message;
    if (!this.#acknowledged) return { code: CloseCode.Unauthorized, reason: 'Unauthorized' };
    if (this.#open.has(id)) return { code: CloseCode.IdInUse, reason: subscriberExists(id) };
    try {
      this.#start(message);
    } catch (error) {
      this.#refuse(id, [error]);
    }
    return undefined;
  }

  /** @throws {GraphQLError} and {RequestError} if the operation is refused. */
  #start({ id, payload, length }: SubscribeMessage): void {
    const { query, isHashOnly, operationName, variables } = payload;
    const { pipeline, maxOperations } = this.#options;
    if (this.#open.size >= maxOperations) throw tooManyOperations(maxOperations);
    if (isHashOnly) throw persistedQueryNotSupported();
    const { document, errors } = pipeline.operations.read(query);
    if (errors.length > 0) {
      this.#refuse(id, errors);
      return;
    }
    const chosen = pipeline.operations.choose(document, operationName);
    const variableValues = declaredOnly(chosen, variables);
    const operation = this.#keep(id, length);
    const args = this.#argsOf(operation, { document, operationName, variableValues });
    void this.#run(operation, chosen.kind === OperationTypeNode.SUBSCRIPTION, args);
  }

  /** @throws {RequestError} `GATEWAY_BUSY` if there is no room for what it holds. */
  #keep(id: string, heldBytes: number): OpenOperation {
    const full = this.#options.budget.take(heldBytes);
    if (full !== undefined) throw gatewayBusy(noRoomIn(full), full.limit);
    const operation = { id, heldBytes, gone: new AbortController(), events: undefined };
    this.#open.set(id, operation);
    return operation;
  }

  #argsOf(
    { gone }: OpenOperation,
    asked: Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'>,
  ): ExecutionArgs {
    const { pipeline, request } = this.#options;
    const connectionParams = { authorization: this.#authorization };
    const contextValue = pipeline.contextOf({ req: request, connectionParams, gone: gone.signal });
    return { schema: pipeline.schema, contextValue, ...asked };
  }

  async #run(operation: OpenOperation, isSubscription: boolean, args: ExecutionArgs): Promise<void> {
    const { operations } = this.#options.pipeline;
    try {
      const answer = await (isSubscription ? operations.subscribe(args) : operations.execute(args));
      if (Symbol.asyncIterator in answer) await this.#sendEvents(operation, answer);
      else await this.#next(operation, answer);
      if (!operation.gone.signal.aborted) await this.#send({ id: operation.id, type: 'complete' });
    } catch (error) {
      if (!operation.gone.signal.aborted) this.#refuse(operation.id, [error]);
    } finally {
      if (this.#open.get(operation.id) === operation) this.#open.delete(operation.id);
      this.#options.budget.giveBack(operation.heldBytes);
    }
  }

  async #sendEvents(operation: OpenOperation, events: AsyncIterableIterator<ExecutionResult>): Promise<void> {
    operation.events = events;
    // One that begins after its client has left would stay until its task's end.
    if (operation.gone.signal.aborted) await events.return?.();
    else for await (const result of events) await this.#next(operation, result);
  }

  #next({ id, gone }: OpenOperation, { data = null, errors }: ExecutionResult): Promise<void> | undefined {
    if (gone.signal.aborted) return undefined;
    const payload = errors === undefined ? { data } : { data, errors: this.#present(errors) };
    return this.#send({ id, type: 'next', payload });
  }

  #refuse(id: string, errors: readonly unknown[]): void {
    this.#send({ id, type: 'error', payload: this.#present(errors) });
  }

  #present(errors: readonly unknown[]) {
    return errors.map((error) => withoutHttp(presentError(error, this.#options.log)).toJSON());
  }

  #send(message: object): Promise<void> | undefined {
    return this.#options.deliver(JSON.stringify(message));
  }
}

function leave({ gone, events }: OpenOperation): void {
  gone.abort();
  void events?.return?.();
}

/** A reason has 123 bytes at most. */
function subscriberExists(id: string): string {
  const reason = `Subscriber for ${id} already exists`;
  return Buffer.byteLength(reason) > 123 ? 'Subscriber already exists' : reason;
}

function tooManyOperations(limit: number): GraphQLError {
  return new GraphQLError(`A connection may have ${limit} operations open at most: complete one first.`, {
    extensions: { code: RequestErrorCode.TooManyOperations, limit },
  });
}
