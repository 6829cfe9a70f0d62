/** A client for one HTTP/2 connection, which shows what happens to it. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { collect } from './client.ts';

export interface Http2Answer {
  readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader;
  readonly text: string;
}

export interface Http2Connection extends AsyncDisposable {
  readonly session: ClientHttp2Session;
  /** Begins a request to `/graphql`. Its body is not ended yet. */
  begin(headers?: OutgoingHttpHeaders): ClientHttp2Stream;
  /** Sends a whole request. @throws if its stream is reset. */
  ask(headers: OutgoingHttpHeaders, body?: string): Promise<Http2Answer>;
  /** Asks one operation over POST. */
  post(query: string, variables?: object, headers?: OutgoingHttpHeaders): Promise<Http2Answer>;
  /** Resolves once the connection is closed, to the error code of the GOAWAY; undefined if none came. */
  readonly closed: Promise<number | undefined>;
}

export async function openHttp2(url: string, ca: Buffer): Promise<Http2Connection> {
  const { origin, pathname } = new URL(url);
  const session = connect(origin, { ca });
  let goaway: number | undefined;
  session.on('goaway', (code) => {
    goaway = code;
  });
  session.on('error', () => {});
  const closed = new Promise<number | undefined>((resolve) => session.once('close', () => resolve(goaway)));
  await once(session, 'connect');
  const begin = (headers: OutgoingHttpHeaders = {}) => {
    const post = { ':method': 'POST', ':path': pathname, 'content-type': 'application/json' };
    const stream = session.request({ ...post, ...headers }, { endStream: false });
    stream.on('error', () => {});
    return stream;
  };
  const ask = async (headers: OutgoingHttpHeaders, body = '') => {
    const stream = begin(headers);
    stream.end(body);
    const [answered] = await once(stream, 'response');
    const text = (await collect<string>(stream.setEncoding('utf8'))).join('');
    return { headers: answered, text };
  };
  return {
    session,
    begin,
    ask,
    post: (query, variables = {}, headers = {}) => ask(headers, JSON.stringify({ query, variables })),
    closed,
    async [Symbol.asyncDispose]() {
      session.destroy();
      await closed;
    },
  };
}
