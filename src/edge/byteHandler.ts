/**
 * Bytes beside GraphQL: blobs, which clients store and read, and the outputs of tasks. Clients are recognised as for
 * GraphQL, and each sees its own. Refusals have the form of those over GraphQL, and the statuses of HTTP.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BlobContent, isDigest, type ReadableBytes, type StoredBlob } from '../contract/blob.ts';
import { messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { type Readable, readableBy } from '../contract/principal.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { Logger } from '../process/log.ts';
import { notRecognised, type Refusal, RequestRefused, refuse } from './answers.ts';
import { BlobUploads } from './blobUploads.ts';
import { sendBytes } from './byteAnswers.ts';
import type { EdgeIdentity, Identities } from './identity.ts';
import type { OpenIdentities } from './openIdentities.ts';
import type { SpoolOptions } from './spool.ts';
import { pathOf, queryOf } from './target.ts';

/** Where the bytes are. All methods throw a RequestError if they refuse. */
export interface ByteSources {
  readonly blobs: {
    requireQuota(holder: QuotaHolder, bytes: number): void;
    put(holder: QuotaHolder, digest: string, content: BlobContent): Promise<StoredBlob>;
    open(owner: Owner, digest: string): Promise<ReadableBytes>;
  };
  readonly outputs: {
    open(readable: Readable, output: AskedOutput): Promise<ReadableBytes>;
  };
}

export interface AskedOutput {
  readonly taskId: string;
  /** The index of a row of a row batch; undefined for a task with one prediction. */
  readonly row: number | undefined;
  /** As it is called in GraphQL. */
  readonly name: string;
  /** Undefined: the bytes of the elements. */
  readonly format: string | undefined;
}

export interface ByteHandlerOptions extends SpoolOptions {
  readonly sources: ByteSources;
  readonly identities: Identities;
  readonly openIdentities: OpenIdentities;
  readonly log: Logger;
}

/** What a path names. */
type Asked =
  | { readonly type: 'blob'; readonly digest: string | undefined }
  | ({ readonly type: 'output' } & Omit<AskedOutput, 'format'>);

const BLOB_PATH = /^\/blobs(?:\/([^/]{1,100}))?$/;
const OUTPUT_PATH =
  /^\/tasks\/([^/]{1,200})(?:\/rows\/([0-9]{1,9}))?\/outputs\/([A-Za-z_][0-9A-Za-z_]{0,199})$/;
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

/** Whether a path is for this handler. */
export function isForBytes(path: string | undefined): boolean {
  return path !== undefined && askedIn(path) !== undefined;
}

export function byteHandler(options: ByteHandlerOptions) {
  const { sources, identities, openIdentities, log } = options;
  const uploads = new BlobUploads({ ...options, blobs: sources.blobs });
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const asked = askedIn(pathOf(request) ?? '');
      if (asked === undefined) throw new Error('only requests for bytes come here');
      const identity = await identities.of(request);
      using _open = openIdentities.add(identity, () => response.destroy());
      await answer(asked, identity, { request, response });
    } catch (error) {
      if (response.headersSent) throw error;
      if (error instanceof RequestError) return refuse(request, response, refusalOf(error));
      if (error instanceof RequestRefused || !request.destroyed) throw error;
      log.debug({ reason: messageOf(error) }, 'a client left before its blob was complete');
    }
  };

  async function answer(
    asked: Asked,
    { principal }: EdgeIdentity,
    { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  ): Promise<void> {
    const { method = '' } = request;
    const { owner, role } = principal;
    if (asked.type === 'blob' && method === 'PUT') {
      if (role === 'viewer')
        throw new RequestError(
          RequestErrorCode.Forbidden,
          'A viewer may not store blobs: that needs the role submitter or operator.',
        );
      return uploads.receive(request, response, { holder: principal, expected: checkedDigest(asked.digest) });
    }
    const methods = methodsOf(asked);
    if (!READING.includes(method) || !methods.includes('GET')) throw otherMethod(methods, method);
    const content =
      asked.type === 'blob'
        ? await sources.blobs.open(owner, checkedDigest(asked.digest) ?? '')
        : await sources.outputs.open(readableBy(principal), {
            ...asked,
            format: new URLSearchParams(queryOf(request)).get('format') ?? undefined,
          });
    await sendBytes(request, response, content);
  }
}

function askedIn(path: string): Asked | undefined {
  const blob = BLOB_PATH.exec(path);
  if (blob !== null) return { type: 'blob', digest: blob[1] };
  const [, taskId, row, name] = OUTPUT_PATH.exec(path) ?? [];
  if (taskId === undefined || name === undefined) return undefined;
  return { type: 'output', taskId, row: row === undefined ? undefined : Number(row), name };
}

function methodsOf(asked: Asked): readonly string[] {
  if (asked.type === 'output') return READING;
  return asked.digest === undefined ? ['PUT'] : [...READING, 'PUT'];
}

/** @throws {RequestRefused} */
function checkedDigest(digest: string | undefined): string | undefined {
  if (digest === undefined || isDigest(digest)) return digest;
  throw new RequestRefused({
    status: 404,
    code: RequestErrorCode.BlobNotFound,
    message: `The name of a blob must be its SHA-256, 64 hex digits in lower case, got ${JSON.stringify(digest.slice(0, 40))}.`,
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
