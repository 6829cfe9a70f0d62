/** Reads the target of a request, in one way for all code. */
import type { IncomingMessage } from 'node:http';

export const GRAPHQL_PATH = '/graphql';

/** @returns undefined for a target that is no path: a whole URL, as proxies get it, or `*`. */
export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string | undefined {
  // Nearly all clients write it so.
  if (url === GRAPHQL_PATH) return url;
  return url.startsWith('/') && !url.startsWith('//') ? url.split('?', 1)[0] : undefined;
}

/** The text after the first question mark. */
export function queryOf({ url = '' }: IncomingMessage): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}
