/**
 * Protects against requests that any web page can make a browser send without a preflight (images, forms, links,
 * `fetch` without CORS). They are executed only with something that no page can add to such a request: a header that
 * forces a preflight, or the browser's own word that the page is an admitted one. `EventSource` can set no header, so
 * it needs the browser's word: an `Origin`, a `Sec-Fetch-Site`, or at least a `Referer` (`Origins.admitsEventSource`).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Refusal } from './answers.ts';
import { Sender } from './origins.ts';

/** One of these headers is enough, if it is not empty. Apollo's clients and Yoga's send them. */
const HEADERS = ['apollo-require-preflight', 'x-apollo-operation-name', 'x-graphql-yoga-csrf'];
/** Media types of forms. A page can send them without a preflight, and also a header that is no media type, or none. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** For a GET or HEAD. */
export function unaskedRefusal(headers: IncomingHttpHeaders, sender: Sender): Refusal | undefined {
  if (sender === Sender.Admitted) return undefined;
  if (HEADERS.some((name) => String(headers[name] ?? '').trim() !== '')) return undefined;
  if (!isFormType(mediaTypeOf(headers['content-type']))) return undefined;
  return {
    status: 400,
    code: RequestErrorCode.PreflightRequired,
    message:
      'A query over GET must have a header that browsers do not send for a foreign web page without asking, ' +
      'such as "apollo-require-preflight: 1". A POST with "content-type: application/json" needs none.',
  };
}

function isFormType(type: string): boolean {
  return !MEDIA_TYPE.test(type) || FORM_TYPES.includes(type);
}

/** @returns the media type in lower case, without its parameters; empty if there is none. */
export function mediaTypeOf(contentType = ''): string {
  // Nearly all clients write it so.
  if (contentType === 'application/json') return contentType;
  const [type = ''] = contentType.split(';', 1);
  return type.trim().toLowerCase();
}
