/** Raw HTTP, for requests that no client library would send. */
import { connect } from 'node:net';
import { collect } from './client.ts';

/** @returns all bytes of the answer until the connection is closed. */
export async function exchange(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8');
  socket.write(request);
  return (await collect<string>(socket)).join('');
}
