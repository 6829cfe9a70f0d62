/**
 * Bytes beside GraphQL: blobs, which clients store and read, the outputs of tasks, and the artifacts of operators. Clients
 * are recognised as for GraphQL, and each sees its own. Refusals have the form of those over GraphQL, and the statuses of
 * HTTP.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type BlobContent,
  chunkCountOf,
  isDigest,
  type ReadableBytes,
  type StoredBlob,
} from '../contract/blob.ts';
import { messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { type Principal, type ReadingClient, readableBy } from '../contract/principal.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { answerJson, notRecognised, type Refusal, RequestRefused, refuse } from './answers.ts';
import { sendBytes } from './byteAnswers.ts';
import { type AskedBytes, type AskedOutput, bytesAt } from './bytePaths.ts';
import { type Identities, requireOperator } from './identity.ts';
import type { OpenIdentities } from './openIdentities.ts';
import { Spool } from './spool.ts';
import { pathOf, queryOf } from './target.ts';
import { Uploads } from './uploads.ts';

/** Where the bytes are. All methods throw a RequestError if they refuse. */
export interface ByteSources {
  readonly blobs: {
    requireQuota(holder: QuotaHolder, bytes: number): void;
    put(holder: QuotaHolder, digest: string, content: BlobContent): Promise<StoredBlob>;
    open(owner: Owner, digest: string): Promise<ReadableBytes>;
  };
  readonly outputs: {
    open(client: ReadingClient, output: AskedOutput): Promise<ReadableBytes>;
  };
  readonly artifacts: {
    put(digest: string, content: BlobContent): Promise<{ readonly isNew: boolean }>;
    open(owner: Owner, digest: string): Promise<ReadableBytes>;
  };
}

export interface ByteHandlerOptions {
  readonly config: Pick<Config, 'blobMaxBytes' | 'blobMaxUploadBytes' | 'blobSpoolDir' | 'requestTimeoutMs'>;
  readonly sources: ByteSources;
  /** Takes points from the rates of a client: one for a request, and one for each 512 KiB. May throw. */
  readonly charge: (holder: QuotaHolder, points: number) => void;
  readonly identities: Identities;
  readonly openIdentities: OpenIdentities;
  readonly log: Logger;
}

/** Bodies of the largest size that a gateway receives at a time. An owner may have half of that. */
const LARGEST_BLOBS = 4;
const LARGEST_ARTIFACTS = 2;
const READING = ['GET', 'HEAD'];

const STATUSES: Partial<Record<RequestErrorCode, number>> = {
  [RequestErrorCode.BadUserInput]: 400,
  [RequestErrorCode.BlobNotFound]: 404,
  [RequestErrorCode.TaskNotFound]: 404,
  [RequestErrorCode.NoPrediction]: 404,
  [RequestErrorCode.TaskUnfinished]: 409,
  [RequestErrorCode.ResultExpired]: 410,
  [RequestErrorCode.RateLimited]: 429,
  [RequestErrorCode.OwnerQuota]: 429,
  [RequestErrorCode.BlobStoreFull]: 507,
};

/** A request for bytes, and its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Whether a path is for this handler. */
export function isForBytes(path: string | undefined): boolean {
  return bytesAt(path) !== undefined;
}

export function byteHandler(options: ByteHandlerOptions) {
  const { config, sources, charge, identities, openIdentities, log } = options;
  const { blobMaxBytes, blobMaxUploadBytes, blobSpoolDir: dir } = config;
  const blobUploads = new Uploads({
    what: 'A blob',
    limit: blobMaxBytes,
    setting: 'BLOB_MAX_BYTES',
    spool: new Spool({ dir, limit: LARGEST_BLOBS * blobMaxBytes }),
  });
  const artifactUploads = new Uploads({
    what: 'An artifact',
    limit: blobMaxUploadBytes,
    setting: 'BLOB_MAX_UPLOAD_BYTES',
    spool: new Spool({ dir, limit: LARGEST_ARTIFACTS * blobMaxUploadBytes }),
  });

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const asked = bytesAt(pathOf(request));
      if (asked === undefined) throw new Error('only requests for bytes come here');
      const identity = await identities.of(request);
      using _open = openIdentities.add(identity, () => response.destroy());
      if (asked.type === 'artifact') await requireOperator(identity);
      charge(identity.principal, 1);
      await answer(asked, identity.principal, { request, response });
    } catch (error) {
      if (response.headersSent) throw error;
      if (error instanceof RequestError) return refuse(request, response, refusalOf(error));
      if (error instanceof RequestRefused || !request.destroyed) throw error;
      log.debug({ reason: messageOf(error) }, 'a client left before its body was complete');
    }
  };

  async function answer(asked: AskedBytes, principal: Principal, exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const { method = '' } = request;
    if (asked.type === 'blob' && method === 'PUT')
      return storeBlob(checkedDigest(asked.digest), principal, exchange);
    if (asked.type === 'artifact' && method === 'PUT')
      return storeArtifact(checkedDigest(asked.digest), principal, exchange);
    const methods = methodsOf(asked);
    if (!READING.includes(method) || !methods.includes('GET')) throw otherMethod(methods, method);
    const content = await opened(asked, principal, request);
    const read = (from: number, to: number) => {
      charge(principal, chunkCountOf(to - from));
      return content.read(from, to);
    };
    await sendBytes(request, response, { ...content, read }, config);
  }

  function opened(asked: AskedBytes, principal: Principal, request: IncomingMessage): Promise<ReadableBytes> {
    if (asked.type === 'blob') return sources.blobs.open(principal.owner, checkedDigest(asked.digest) ?? '');
    if (asked.type === 'artifact')
      return sources.artifacts.open(principal.owner, checkedDigest(asked.digest));
    const format = new URLSearchParams(queryOf(request)).get('format') ?? undefined;
    return sources.outputs.open({ ...principal, readable: readableBy(principal) }, { ...asked, format });
  }

  async function storeBlob(
    expected: string | undefined,
    principal: Principal,
    { request, response }: Exchange,
  ): Promise<void> {
    const { owner, role } = principal;
    if (role === 'viewer')
      throw new RequestError(
        RequestErrorCode.Forbidden,
        'A viewer may not store blobs: that needs the role submitter or operator.',
      );
    const admit = (bytes: number) => sources.blobs.requireQuota(principal, bytes);
    await using body = await blobUploads.receive(request, { owner, expected, admit });
    const { digest, content } = body;
    const { bytes, mediaType } = content;
    charge(principal, chunkCountOf(bytes));
    const { expiresAt } = await sources.blobs.put(principal, digest, content);
    response.setHeader('location', `/blobs/${digest}`);
    const blob = { blob: digest, bytes, mediaType, expiresAt: new Date(expiresAt).toISOString() };
    answerJson(response, 201, blob);
  }

  /** One that is there already is received and checked all the same: HEAD tells before. */
  async function storeArtifact(
    expected: string,
    principal: Principal,
    { request, response }: Exchange,
  ): Promise<void> {
    await using body = await artifactUploads.receive(request, { owner: principal.owner, expected });
    const { digest, content } = body;
    charge(principal, chunkCountOf(content.bytes));
    const { isNew } = await sources.artifacts.put(digest, content);
    response.setHeader('location', `/artifacts/${digest}`);
    answerJson(response, isNew ? 201 : 200, { artifact: digest, bytes: content.bytes });
  }
}

function methodsOf(asked: AskedBytes): readonly string[] {
  if (asked.type === 'output') return READING;
  return asked.digest === undefined ? ['PUT'] : [...READING, 'PUT'];
}

/** @throws {RequestRefused} */
function checkedDigest<T extends string | undefined>(digest: T): T {
  if (digest === undefined || isDigest(digest)) return digest;
  throw new RequestRefused({
    status: 404,
    code: RequestErrorCode.BlobNotFound,
    message: `The name of a blob or an artifact must be its SHA-256, 64 hex digits in lower case, got ${JSON.stringify(digest.slice(0, 40))}.`,
  });
}

function otherMethod(methods: readonly string[], got: string): RequestRefused {
  return new RequestRefused({
    status: 405,
    code: RequestErrorCode.MethodNotAllowed,
    message: `The method must be one of ${methods.join(', ')}, got ${got}.`,
    headers: { allow: methods.join(', ') },
  });
}

function refusalOf(error: RequestError): Refusal {
  const { code, message, details } = error;
  const status = STATUSES[code];
  const refusal = notRecognised(error);
  if (status === undefined) return refusal;
  const { headers = {} } = details.retryAfterMs === undefined ? {} : refusal;
  return { status, code, message, details, headers };
}
