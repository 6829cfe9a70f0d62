/** Headers that make browsers careful with answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopbackHost } from './hosts.ts';

/** No browser takes an answer for something else than its media type says. */
export const NO_SNIFFING = { 'x-content-type-options': 'nosniff' } as const;
/**
 * For our own pages. No page of another origin can read one or reach its window, or is told its address, which may have
 * an operation.
 */
export const PAGE_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
} as const;
/**
 * Browsers then use only https for this name, and renew the time with each answer. It is short enough to give up TLS
 * one day.
 */
const ONLY_ENCRYPTED = { 'strict-transport-security': `max-age=${30 * 24 * 60 * 60}` } as const;

export function isEncrypted({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

/**
 * Sets them before the answer is made, except for a POST without TLS, whose answers bring them: after one `setHeader`,
 * Node sets each of the others separately.
 */
export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  const withTls = isEncrypted(request);
  if (request.method === 'POST' && !withTls) return;
  for (const [name, value] of Object.entries(NO_SNIFFING)) response.setHeader(name, value);
  // A browser would then refuse http to every other program on its own machine.
  if (!withTls || isLoopbackHost(request.headers.host)) return;
  for (const [name, value] of Object.entries(ONLY_ENCRYPTED)) response.setHeader(name, value);
}
