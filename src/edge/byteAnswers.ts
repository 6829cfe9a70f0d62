/** Sends bytes over HTTP: whole or in part, no faster than the client reads, and for no longer than it may take. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadableBytes } from '../contract/blob.ts';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import { refuse } from './answers.ts';
import { transferMs } from './arrivalTime.ts';
import { readRange } from './byteRange.ts';
import { cutOff, drained } from './streaming.ts';

/** The bytes come from a client, and a page of the gateway's own origin could do anything: so they never become one. */
const NO_PAGE = {
  'content-security-policy': "default-src 'none'; sandbox",
  'content-disposition': 'attachment',
};

/** @throws {RequestError} if the first bytes cannot be read. Later the answer is cut off. */
export async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  content: ReadableBytes,
  config: Pick<Config, 'requestTimeoutMs'>,
): Promise<void> {
  const { bytes, mediaType, expiresAt } = content;
  const { method, headers } = request;
  const etag = `"${content.etag}"`;
  const maxAge = Math.max(0, Math.floor((expiresAt - Date.now()) / 1_000));
  const kept = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': `private, max-age=${maxAge}, immutable`,
    expires: new Date(expiresAt).toUTCString(),
  };
  for (const [name, value] of Object.entries(NO_PAGE)) response.setHeader(name, value);
  if (isKnown(headers['if-none-match'], etag)) {
    response.writeHead(304, kept).end();
    return;
  }
  const ifRange = headers['if-range'];
  const mayBePart = method === 'GET' && (ifRange === undefined || ifRange === etag);
  const range = mayBePart ? readRange(headers.range, bytes) : undefined;
  if (range === 'unsatisfiable') {
    const message = `The range must begin within the ${bytes} bytes, got ${JSON.stringify(headers.range)}.`;
    const refusal = { status: 416, code: RequestErrorCode.BadRequest, message };
    return refuse(request, response, { ...refusal, headers: { 'content-range': `bytes */${bytes}` } });
  }
  const { from, to } = range ?? { from: 0, to: bytes };
  const answer = { ...kept, 'content-type': mediaType, 'content-length': to - from };
  if (method === 'HEAD') {
    response.writeHead(200, answer).end();
    return;
  }
  const pieces = content.read(from, to)[Symbol.asyncIterator]();
  const slowness = setTimeout(() => cutOff(response), transferMs(to - from, config));
  try {
    // A refusal must not be kept as the bytes may be, so their headers come after the first piece.
    let next = await pieces.next();
    if (range === undefined) response.writeHead(200, answer);
    else response.writeHead(206, { ...answer, 'content-range': `bytes ${from}-${to - 1}/${bytes}` });
    for (; !next.done && !response.closed; next = await pieces.next())
      if (!response.write(next.value)) await drained(response);
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    // The status is sent already. Fewer bytes than announced tell the client that it failed.
    cutOff(response);
  } finally {
    clearTimeout(slowness);
    await pieces.return?.();
  }
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
