/** The target of a request: read in one way wherever it is looked at. */
import type { IncomingMessage } from 'node:http';

export const GRAPHQL_PATH = '/graphql';

/** @returns undefined for a target that is no path: one of a proxy, or `*`. */
export function pathOf({ url = '' }: IncomingMessage): string | undefined {
  // As nearly all clients write it.
  if (url === GRAPHQL_PATH) return url;
  return url.startsWith('/') && !url.startsWith('//') ? url.split('?', 1)[0] : undefined;
}

/** What stands behind the first question mark. */
export function queryOf({ url = '' }: IncomingMessage): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}
