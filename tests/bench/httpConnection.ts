/**
 * One HTTP/1.1 connection, kept alive, one POST at a time. A request with `node:http` costs more than everything else
 * that the load client does for a task. This one only reads answers of a gateway: ASCII bodies with a length or in
 * chunks. It throws at anything else.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

export class HttpConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #head: string;
  #received = '';
  #answer: PromiseWithResolvers<string> | undefined;

  private constructor(socket: Socket, url: URL, headers: Readonly<Record<string, string>>) {
    this.#socket = socket;
    const lines = Object.entries({ host: url.host, 'content-type': 'application/json', ...headers });
    this.#head = `POST ${url.pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`;
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#read();
    });
    socket.on('error', (error) => this.#answer?.reject(error));
    socket.on('close', () => this.#answer?.reject(new Error('the gateway closed the connection')));
  }

  /** @param headers of each request. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpConnection> {
    const parsed = new URL(url);
    const socket = connect(Number(parsed.port), parsed.hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket, parsed, headers);
  }

  /** @param opened closes the connections. @param headers of each request. */
  static openAll(
    url: string,
    count: number,
    opened: AsyncDisposableStack,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly HttpConnection[]> {
    const open = async () => opened.use(await HttpConnection.open(url, headers));
    return Promise.all(Array.from({ length: count }, open));
  }

  /**
   * @param accept the requested media type.
   * @returns the whole body once it has ended. Rejects if the status is not 200.
   */
  post(body: string, accept: string): Promise<string> {
    this.#answer = Promise.withResolvers();
    this.#socket.write(
      `${this.#head}accept: ${accept}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return this.#answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  #read(): void {
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const body = bodyOf(this.#received.slice(0, headEnd), this.#received.slice(headEnd + HEAD_END.length));
    if (body === undefined) return;
    const status = this.#received.slice(0, this.#received.indexOf('\r\n'));
    this.#received = '';
    if (status === 'HTTP/1.1 200 OK') this.#answer?.resolve(body);
    else this.#answer?.reject(new Error(`the gateway answered ${status}: ${body}`));
  }
}

/**
 * @param head the lines before the body.
 * @param received the bytes that came after the head.
 * @returns the body, or undefined while it is not complete. Bytes after its end (a fault of the gateway) lengthen it.
 */
export function bodyOf(head: string, received: string): string | undefined {
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return received.length < Number(length) ? undefined : received;
  if (!/^transfer-encoding: chunked/im.test(head)) throw new Error(`a body must have an end, got ${head}`);
  let body = '';
  for (let at = 0; ; ) {
    const sizeEnd = received.indexOf('\r\n', at);
    if (sizeEnd < 0) return undefined;
    const size = Number.parseInt(received.slice(at, sizeEnd), 16);
    at = sizeEnd + 2;
    if (received.length < at + size + 2) return undefined;
    if (size === 0) return body;
    body += received.slice(at, at + size);
    at += size + 2;
  }
}
