/** Receives blobs: each is written to the disk with its digest, then to the store. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UNKNOWN_MEDIA_TYPE } from '../contract/blob.ts';
import { badValue, RequestErrorCode } from '../contract/errors.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import { answerJson, RequestRefused } from './answers.ts';
import { refuseTransferCoding } from './body.ts';
import type { ByteSources } from './byteHandler.ts';
import { mediaTypeOf } from './csrf.ts';
import { Spool, type SpooledFile, type SpoolOptions } from './spool.ts';

export interface BlobUploadsOptions extends SpoolOptions {
  readonly blobs: Pick<ByteSources['blobs'], 'requireQuota' | 'put'>;
}

const MEDIA_TYPE = /^[\w!#$&^.+-]{1,99}\/[\w!#$&^.+-]{1,99}$/;

export class BlobUploads {
  readonly #options: BlobUploadsOptions;
  readonly #spool: Spool;
  readonly #limit: number;

  constructor(options: BlobUploadsOptions) {
    this.#options = options;
    this.#spool = new Spool(options);
    this.#limit = options.config.blobMaxBytes;
  }

  /**
   * @param expected the digest that the client says; undefined if it says none.
   * @throws {RequestRefused} or {RequestError}; or the request's own error if its client leaves.
   */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    { holder, expected }: { readonly holder: QuotaHolder; readonly expected: string | undefined },
  ): Promise<void> {
    const { blobs } = this.#options;
    const { headers } = request;
    refuseTransferCoding(headers['transfer-encoding']);
    refuseContentCoding(headers['content-encoding']);
    const mediaType = checkedMediaType(headers['content-type']);
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > this.#limit) throw tooLarge(this.#limit, String(announced));
    blobs.requireQuota(holder, announced);
    await using file = await this.#spool.open(holder.owner);
    await this.#fill(file, request);
    const digest = file.digest();
    if (expected !== undefined && expected !== digest)
      throw badValue('sha256', `that of the body, ${digest}`, expected);
    const { bytes } = file;
    const read = (from: number, to: number) => file.read(from, to);
    const { expiresAt } = await blobs.put(holder, digest, { bytes, mediaType, read });
    response.setHeader('location', `/blobs/${digest}`);
    answerJson(response, 201, {
      blob: digest,
      bytes,
      mediaType,
      expiresAt: new Date(expiresAt).toISOString(),
    });
  }

  async #fill(file: SpooledFile, request: IncomingMessage): Promise<void> {
    // Otherwise a refusal would end the connection, and the client would not get it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (file.bytes + chunk.length > this.#limit) throw tooLarge(this.#limit, 'more');
      await file.append(chunk);
    }
    // Over HTTP/2 a request that is reset ends without an error.
    if (!request.complete) throw new Error('the client left before its blob was complete');
  }
}

function refuseContentCoding(coding = 'identity'): void {
  if (coding.trim().toLowerCase() === 'identity') return;
  const message = `A blob is stored as it comes: content-encoding must be left out, got ${JSON.stringify(coding)}.`;
  throw new RequestRefused({ status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
}

function checkedMediaType(contentType: string | undefined): string {
  if (contentType === undefined) return UNKNOWN_MEDIA_TYPE;
  const mediaType = mediaTypeOf(contentType);
  if (MEDIA_TYPE.test(mediaType)) return mediaType;
  const message = `content-type must be a media type such as image/png, got ${JSON.stringify(contentType.slice(0, 100))}.`;
  throw new RequestRefused({ status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
}

function tooLarge(limit: number, got: string): RequestRefused {
  return new RequestRefused({
    status: 413,
    code: RequestErrorCode.PayloadTooLarge,
    message: `A blob may have ${limit} bytes at most (BLOB_MAX_BYTES of the gateway), got ${got}.`,
    details: { limit },
  });
}
