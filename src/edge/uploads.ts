/** Receives large bodies: each is written to the disk with its digest. Only a whole one gets to a store. */
import type { IncomingMessage } from 'node:http';
import { type BlobContent, UNKNOWN_MEDIA_TYPE } from '../contract/blob.ts';
import { badValue, RequestErrorCode } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { RequestRefused } from './answers.ts';
import { refuseTransferCoding } from './body.ts';
import { mediaTypeOf } from './csrf.ts';
import type { Spool, SpooledFile } from './spool.ts';

export interface UploadsOptions {
  /** For refusals: `A blob`, for example. */
  readonly what: string;
  /** The most bytes of one, and the setting that says so. */
  readonly limit: number;
  readonly setting: string;
  readonly spool: Spool;
}

/** Who sends a body, and what is known of it. */
interface Announced {
  readonly owner: Owner;
  /** The digest that the client says; undefined if it says none. */
  readonly expected: string | undefined;
  /** Called with the length that the client says, before anything is read. It may throw. */
  readonly admit?: (bytes: number) => void;
}

/** A body that came whole. It is on the disk until it is disposed. */
interface Received extends AsyncDisposable {
  readonly digest: string;
  readonly content: BlobContent;
}

const MEDIA_TYPE = /^[\w!#$&^.+-]{1,99}\/[\w!#$&^.+-]{1,99}$/;

export class Uploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  /** @throws {RequestRefused} or {RequestError}; or the request's own error if its client leaves. */
  async receive(request: IncomingMessage, { owner, expected, admit }: Announced): Promise<Received> {
    const { limit, spool } = this.#options;
    const { headers } = request;
    refuseTransferCoding(headers['transfer-encoding']);
    this.#refuseContentCoding(headers['content-encoding']);
    const mediaType = checkedMediaType(headers['content-type']);
    const announced = Number(headers['content-length'] ?? 0);
    if (announced > limit) throw this.#tooLarge(String(announced));
    admit?.(announced);
    await using receiving = new AsyncDisposableStack();
    const file = receiving.use(await spool.open(owner));
    await this.#fill(file, request);
    const digest = file.digest();
    if (expected !== undefined && expected !== digest)
      throw badValue('sha256', `that of the body, ${digest}`, expected);
    const received = receiving.move();
    return {
      digest,
      content: { bytes: file.bytes, mediaType, read: (from, to) => file.read(from, to) },
      [Symbol.asyncDispose]: () => received.disposeAsync(),
    };
  }

  async #fill(file: SpooledFile, request: IncomingMessage): Promise<void> {
    const { what, limit } = this.#options;
    // Otherwise a refusal would end the connection, and the client would not get it.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (file.bytes + chunk.length > limit) throw this.#tooLarge('more');
      await file.append(chunk);
    }
    // Over HTTP/2 a request that is reset ends without an error.
    if (!request.complete) throw new Error(`the client left before its body was complete (${what})`);
  }

  #refuseContentCoding(coding = 'identity'): void {
    if (coding.trim().toLowerCase() === 'identity') return;
    const { what } = this.#options;
    const message = `${what} is stored as it comes: content-encoding must be left out, got ${JSON.stringify(coding)}.`;
    throw new RequestRefused({ status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
  }

  #tooLarge(got: string): RequestRefused {
    const { what, limit, setting } = this.#options;
    return new RequestRefused({
      status: 413,
      code: RequestErrorCode.PayloadTooLarge,
      message: `${what} may have ${limit} bytes at most (${setting} of the gateway), got ${got}.`,
      details: { limit },
    });
  }
}

function checkedMediaType(contentType: string | undefined): string {
  if (contentType === undefined) return UNKNOWN_MEDIA_TYPE;
  const mediaType = mediaTypeOf(contentType);
  if (MEDIA_TYPE.test(mediaType)) return mediaType;
  const message = `content-type must be a media type such as image/png, got ${JSON.stringify(contentType.slice(0, 100))}.`;
  throw new RequestRefused({ status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
}
