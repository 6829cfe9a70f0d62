/** Reads the values of options that several commands have. */
import { UsageError } from './commandLine.ts';

/** Reads an address. One without a path gets the path of the GraphQL endpoint. */
export function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--url must be an address such as http://127.0.0.1:4000/graphql, got ${text}`);
  if (url.pathname === '/') url.pathname = '/graphql';
  return url;
}

export function readCount(option: string, text: string, maximum: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= maximum) return count;
  throw new UsageError(`${option} must be a whole number from 1 to ${maximum}, got ${text}`);
}
