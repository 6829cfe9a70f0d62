/** Asks a running Tidings as a client, for commands. It waits while the gateway is away or busy. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestErrorCode } from '../contract/errors.ts';

/** An error of the gateway, or on the way to it. The message alone explains it. */
export class GatewayError extends Error {}

const LOGIN_ADVICE = ' This command takes a key or token from TIDINGS_KEY.';

/** A GraphQL error that a repetition does not solve. */
export class Refused extends GatewayError {
  readonly code: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor({ message, extensions = {} }: GraphQLError) {
    const code = typeof extensions.code === 'string' ? extensions.code : undefined;
    super(`${code === undefined ? '' : `${code}: `}${message}${needsLogin(code) ? LOGIN_ADVICE : ''}`);
    this.code = code;
    this.extensions = extensions;
  }
}

interface GraphQLError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphQLError[];
}

export interface GatewayOptions {
  /** Of the GraphQL endpoint. */
  readonly url: URL;
  /** An API key or a token, if it needs a login. */
  readonly key: string | undefined;
  /** The name of the command, for what it tells. */
  readonly command: string;
  readonly signal: AbortSignal;
}

/** The longest wait for a gateway that does not answer any more. */
const UNREACHABLE_MS = 60_000;
/** The longest wait for a gateway that has never answered: the address may be wrong. */
const NEVER_REACHED_MS = 10_000;
const RETRY_MS = 1_000;

export class Gateway {
  readonly url: URL;
  readonly #login: Readonly<Record<string, string>>;
  readonly #command: string;
  readonly #signal: AbortSignal;
  #hasAnswered = false;
  #isWaiting = false;

  constructor({ url, key, command, signal }: GatewayOptions) {
    this.url = url;
    this.#login = key === undefined ? {} : { authorization: `Bearer ${key}` };
    this.#command = command;
    this.#signal = signal;
  }

  /** The headers that log in. */
  get login(): Readonly<Record<string, string>> {
    return this.#login;
  }

  /**
   * Asks until there is an answer.
   *
   * @throws {Refused} for an error that a repetition does not solve, {GatewayError} if the gateway stays away; once the signal is
   *   aborted, the error of `fetch`.
   */
  ask<T>(query: string, variables: object): Promise<T> {
    return this.#untilAnswered(async () => {
      const answer = await this.#post<T>(query, variables);
      const [error] = answer.errors ?? [];
      if (answer.data != null && error === undefined) return answer.data;
      if (error === undefined) throw new GatewayError(`${this.url} answers without data`);
      if (!isForNow(error)) throw new Refused(error);
      const { retryAfterMs = RETRY_MS } = error.extensions ?? {};
      await sleep(Number(retryAfterMs), undefined, { signal: this.#signal });
      return undefined;
    });
  }

  /**
   * The results of a subscription, until it ends. If the connection breaks, or the gateway stops, it is asked for again.
   *
   * @throws as `ask`.
   */
  async *subscribe<T>(query: string, variables: object): AsyncGenerator<T> {
    for (;;) {
      const response = await this.#untilAnswered(() => this.#send(query, variables, 'text/event-stream'));
      try {
        for await (const answer of resultsOf<T>(response)) {
          const [error] = answer.errors ?? [];
          if (error !== undefined) throw isForNow(error) ? new Error(error.message) : new Refused(error);
          if (answer.data != null) yield answer.data;
        }
        return;
      } catch (error) {
        if (this.#signal.aborted || error instanceof GatewayError) throw error;
        await sleep(RETRY_MS, undefined, { signal: this.#signal });
      }
    }
  }

  /** @param ask returns undefined to be called again. Errors of the network are waited out. */
  async #untilAnswered<T>(ask: () => Promise<T | undefined>): Promise<T> {
    const startedAt = performance.now();
    for (;;) {
      const answer = await ask().catch(async (error: unknown) => {
        if (this.#signal.aborted || error instanceof GatewayError) throw error;
        this.#waitOn(performance.now() - startedAt, error);
        await sleep(RETRY_MS, undefined, { signal: this.#signal });
        return undefined;
      });
      if (answer !== undefined) return answer;
    }
  }

  async #post<T>(query: string, variables: object): Promise<Answer<T>> {
    const response = await this.#send(query, variables, '*/*');
    const answer = readAnswer<T>(await response.text());
    if (answer === undefined) throw this.#foreign(response.status);
    this.#reached();
    return answer;
  }

  async #send(query: string, variables: object, accept: string): Promise<Response> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, ...this.#login },
      body: JSON.stringify({ query, variables }),
      signal: this.#signal,
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (accept !== 'text/event-stream' || isStream) return response;
    const [error] = readAnswer(await response.text())?.errors ?? [];
    if (error === undefined) throw this.#foreign(response.status);
    throw isForNow(error) ? new Error(error.message) : new Refused(error);
  }

  #reached(): void {
    this.#hasAnswered = true;
    this.#isWaiting = false;
  }

  /** The error for an answer that is not of Tidings. A proxy in front of it answers with 5xx while it cannot reach it. */
  #foreign(status: number): Error {
    if (status >= 500) return new Error(`status ${status}`);
    return new GatewayError(
      `${this.url} answers (status ${status}), but not as Tidings does: --url must be its GraphQL endpoint, such as http://127.0.0.1:4000/graphql`,
    );
  }

  /** Tells the user once that the gateway does not answer. @throws {GatewayError} if it takes too long. */
  #waitOn(waitedMs: number, cause: unknown): void {
    if (!this.#isWaiting)
      console.error(`${this.#command}: waiting for Tidings at ${this.url} (Ctrl-C stops)`);
    this.#isWaiting = true;
    if (waitedMs < (this.#hasAnswered ? UNREACHABLE_MS : NEVER_REACHED_MS)) return;
    throw new GatewayError(
      this.#hasAnswered
        ? `${this.url} does not answer any more. Once it does, the same command goes on from here.`
        : `${this.url} does not answer. Is Tidings running there? (npm start, or --url)`,
      { cause },
    );
  }
}

function needsLogin(code: string | undefined): boolean {
  return code === RequestErrorCode.Unauthenticated || code === RequestErrorCode.Forbidden;
}

/** Whether the gateway is busy, or stops: the same question may be answered later. */
function isForNow({ extensions = {} }: GraphQLError): boolean {
  return typeof extensions.retryAfterMs === 'number' || extensions.code === RequestErrorCode.ShuttingDown;
}

/** @returns undefined if the text is no answer of GraphQL. */
function readAnswer<T>(text: string): Answer<T> | undefined {
  try {
    const answer = JSON.parse(text) as Answer<T> | null;
    return answer?.data != null || (answer?.errors?.length ?? 0) > 0 ? (answer ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/** The results in Server-Sent Events. */
async function* resultsOf<T>(response: Response): AsyncGenerator<Answer<T>> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      if (event.startsWith('event: complete')) return;
      const answer = event.startsWith('event: next\ndata: ')
        ? readAnswer<T>(event.slice('event: next\ndata: '.length))
        : undefined;
      if (answer !== undefined) yield answer;
    }
  }
  throw new Error('the connection ended before the subscription did');
}
