/**
 * Finds the operation that a request asks for, on every transport: by its text, by an id of `PERSISTED_OPERATIONS`
 * (trusted), or by the SHA-256 of a text that came before (automatic, in the protocol of Apollo's clients).
 *
 * A hash is kept only together with a valid operation that has it. Each gateway keeps its own: a client whose hash is
 * not known sends the text once more.
 */
import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Operation, Operations } from './operations.ts';
import { badRequest } from './params.ts';

/** The members of a request that name its operation. */
export interface AskedOperation {
  readonly query?: string | null | undefined;
  readonly documentId?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

export interface PersistedOptions {
  readonly operations: Operations;
  /** Texts by their ids; undefined if there is no `PERSISTED_OPERATIONS`. */
  readonly trusted: ReadonlyMap<string, string> | undefined;
  /** Whether all operations but the trusted ones are refused. */
  readonly isOnly: boolean;
}

/** The most bytes of automatic texts with their hashes. `Operations` keeps their documents, as of all texts. */
const AUTOMATIC_BYTES = 8 * 1024 * 1024;
/** A hash and its entry. */
const BYTES_PER_HASH = 300;
/** The only version that Apollo's protocol has. */
const PROTOCOL_VERSION = 1;
/** A document id may name its hash so, in the draft of GraphQL over HTTP. */
const HASH_PREFIX = 'sha256:';

export class PersistedOperations {
  readonly #operations: Operations;
  readonly #trusted: ReadonlyMap<string, string> | undefined;
  readonly #onlyTexts: ReadonlySet<string> | undefined;
  readonly #automatic = new LRUCache<string, string>({
    maxSize: AUTOMATIC_BYTES,
    sizeCalculation: (text) => BYTES_PER_HASH + text.length * 2,
  });

  constructor({ operations, trusted, isOnly }: PersistedOptions) {
    this.#operations = operations;
    this.#trusted = trusted;
    this.#onlyTexts = isOnly ? new Set(trusted?.values()) : undefined;
  }

  /** @throws {GraphQLError | RequestError} if there is no such operation, or if it may not be run here. */
  read(asked: AskedOperation): Operation {
    const text = this.textOf(asked);
    const operation = this.#operations.read(text);
    const hash = asked.query ? hashIn(asked.extensions) : undefined;
    if (hash !== undefined) this.#keep(hash, text, operation);
    return operation;
  }

  /** @throws {GraphQLError | RequestError} as `read` does, unless the text itself is wrong. */
  textOf({ query, documentId, extensions }: AskedOperation): string {
    if (query) {
      if (this.#onlyTexts !== undefined && !this.#onlyTexts.has(query)) throw notPersisted();
      return query;
    }
    const hash = hashIn(extensions);
    const id = hash ?? (typeof documentId === 'string' ? documentId : undefined);
    if (id === undefined) throw badRequest('Must provide query string.');
    const bare = withoutPrefix(id);
    const text = this.#trusted?.get(id) ?? this.#trusted?.get(bare) ?? this.#automatic.get(bare);
    if (text === undefined) throw this.#unknown(hash !== undefined);
    return text;
  }

  /** Without the check a client could give a hash that others use to a text of its own. */
  #keep(hash: string, text: string, { errors }: Operation): void {
    if (this.#automatic.get(hash) === text) return;
    if (createHash('sha256').update(text).digest('hex') !== hash)
      throw badRequest('provided sha does not match query');
    if (errors.length === 0) this.#automatic.set(hash, text);
  }

  /** An id that is no hash is known only if a file has it. */
  #unknown(isHash: boolean): RequestError {
    if (this.#onlyTexts !== undefined) return notPersisted();
    return isHash || this.#trusted !== undefined ? notFound() : notSupported();
  }
}

/**
 * The hash in the extensions of Apollo's protocol; it may also stand there alone.
 *
 * @throws {GraphQLError} `BAD_REQUEST` if it is of another version, or malformed.
 */
function hashIn(extensions: AskedOperation['extensions']): string | undefined {
  const { persistedQuery } = extensions ?? {};
  if (persistedQuery === undefined || persistedQuery === null) return undefined;
  if (typeof persistedQuery === 'string') return persistedQuery;
  const { version, sha256Hash } = Object(persistedQuery);
  if (version !== PROTOCOL_VERSION) throw badRequest('Unsupported persisted query version');
  if (typeof sha256Hash !== 'string') throw invalidHash();
  return sha256Hash;
}

function invalidHash(): GraphQLError {
  return badRequest('"persistedQuery.sha256Hash" must be a string: the SHA-256 of the text, in hexadecimal.');
}

function withoutPrefix(documentId: string): string {
  return documentId.startsWith(HASH_PREFIX) ? documentId.slice(HASH_PREFIX.length) : documentId;
}

// Clients look for these messages, or for the codes.

/** They send the text with the hash. A cache between must not answer others with it. */
function notFound(): RequestError {
  return new RequestError(RequestErrorCode.PersistedQueryNotFound, 'PersistedQueryNotFound', {
    details: { http: { headers: { 'cache-control': 'private, no-cache, must-revalidate' } } },
  });
}

/** They send texts from then on, and no more ids. */
function notSupported(): RequestError {
  return new RequestError(RequestErrorCode.PersistedQueryNotSupported, 'PersistedQueryNotSupported');
}

function notPersisted(): RequestError {
  return new RequestError(
    RequestErrorCode.OperationNotPersisted,
    'This gateway runs only the operations that are listed in its PERSISTED_OPERATIONS. Add this one to the list, or ask for one that is there, by its id or with exactly its text.',
  );
}
