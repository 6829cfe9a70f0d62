/**
 * A WebSocket that speaks `graphql-transport-ws` with as little work as possible: the servers lack the CPU time that
 * the load client uses. Payloads are already JSON, and only the first answer of each operation counts.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Waiting {
  readonly resolve: (data: Record<string, unknown>) => void;
  readonly reject: (error: Error) => void;
}

export class GraphQLSocket implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, Waiting>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(String(data)));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', (code, reason) => this.#end(new Error(`the WebSocket was closed: ${code} ${reason}`)));
  }

  /**
   * @param url the URL of the GraphQL endpoint.
   * @param headers of the upgrade.
   */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<GraphQLSocket> {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
      perMessageDeflate: false,
      headers,
      // A mask of zeros is valid, and saves the client a pass over each message.
      generateMask: () => {},
    });
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    return new GraphQLSocket(socket);
  }

  /** @param opened closes the sockets. @param headers of the upgrades. */
  static openAll(
    url: string,
    count: number,
    opened: AsyncDisposableStack,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly GraphQLSocket[]> {
    const open = async () => opened.use(await GraphQLSocket.open(url, headers));
    return Promise.all(Array.from({ length: count }, open));
  }

  /**
   * @param payload the JSON of `{ query, variables }`.
   * @returns the data of the first answer. Rejects with its errors, or if the socket closes first.
   */
  ask(payload: string): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const id = String(++this.#lastId);
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(`{"id":"${id}","type":"subscribe","payload":${payload}}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close(1000);
    await closed;
  }

  #receive(text: string): void {
    const { id, type, payload } = JSON.parse(text);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (type === 'next' && payload.errors === undefined) waiting.resolve(payload.data);
    else waiting.reject(new Error(`the gateway answered ${text}`));
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
