/**
 * Careful clients over real sockets: they submit until they are accepted, subscribe again when a connection breaks, and
 * report all answers to the oracle. Only the seed decides what a client does with trip i.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import {
  type Answer,
  CANCEL_TASK,
  overWebSocket,
  PREDICT_TRIP,
  post,
  sse,
  TASK,
  TASK_FIELDS,
  TASK_RESULT,
  TASK_UPDATES,
  type TaskView,
} from '../support/client.ts';
import { isFinal, type Oracle, type Trial } from './oracle.ts';
import { Random } from './random.ts';

export interface Load {
  readonly tasks: number;
  /** The time over which groups of trips are spread evenly. They come later if the system is slower. */
  readonly seconds: number;
  /** The most tasks that are open at the same time. @default 96 */
  readonly lanes?: number;
  readonly trial: (i: number, random: Random) => Trial & ClientHabits;
}

export interface ClientHabits {
  /** Tries once to cancel the task, this long after it was accepted. */
  readonly cancelAfterMs?: number;
  /** True if the client stops when the task is refused. */
  readonly givesUp?: boolean;
  /** The number of others that submit the same with the same requestId, at about the same time. @default 0 */
  readonly rivals?: number;
}

export interface ClientsOptions {
  /** The URL of each gateway's GraphQL endpoint. */
  readonly urls: readonly string[];
  readonly oracle: Oracle;
  readonly seed: string;
}

type Operation = { readonly gateway: number; readonly transport: 'POST' | 'SSE' | 'WebSocket' };

/** Refusals after which a client tries again. */
const PASSING = new Set([
  'BROKER_UNAVAILABLE',
  'QUEUE_FULL',
  'RESULT_STORE_FULL',
  'GATEWAY_BUSY',
  'SHUTTING_DOWN',
  'TOO_MANY_OPERATIONS',
]);
const UNKNOWN = new Set(['TASK_NOT_FOUND', 'RESULT_EXPIRED']);
const RETRY_MS = 50;
/** Trips that are submitted at the same moment. Those of one gateway share bundles, unless they have a requestId. */
const GROUP = 16;
/** The number of WebSockets to each gateway. Each can have 100 open operations. */
const SOCKETS = 12;
/** If tasks are open and nothing happened for this long, nothing more will, also on a busy machine. */
const STALLED_MS = 60_000;
const AUDIT_AT_ONCE = 20;
const AUDIT_LIMIT_MS = 15_000;

export class Clients implements AsyncDisposable {
  readonly #options: ClientsOptions;
  readonly #sockets: readonly (readonly Client[])[];
  readonly #leave = new AbortController();
  readonly #background = new Set<Promise<unknown>>();
  /** Operations take the sockets of a gateway in turn. */
  #turn = 0;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#sockets = options.urls.map((url) => Array.from({ length: SOCKETS }, () => openWebSocket(url)));
  }

  /** Resolves once every subscriber has received the end of its task, or nothing happens any more. */
  async run({ tasks, seconds, lanes = 96, trial }: Load): Promise<void> {
    const { oracle, seed } = this.#options;
    const startedAt = performance.now();
    let next = 0;
    const lane = async () => {
      while (next < tasks && !this.#leave.signal.aborted) {
        const i = next++;
        const ahead = i - (i % GROUP);
        await sleep(Math.max(0, startedAt + (ahead * seconds * 1000) / tasks - performance.now()));
        const random = new Random(`${seed} trip ${i}`);
        await this.#life(`${seed} trip ${i}`, trial(i, random), random);
      }
    };
    const all = async () => {
      await Promise.all(Array.from({ length: lanes }, lane));
      await Promise.all(this.#background);
    };
    const stalled = Promise.withResolvers<void>();
    const guard = setInterval(() => {
      if (performance.now() - oracle.lastNewsAt > STALLED_MS) stalled.resolve();
    }, 500);
    await Promise.race([all(), stalled.promise]);
    clearInterval(guard);
    this.#leave.abort();
  }

  /** Asks every gateway for every task. All must give the same end. */
  async audit(): Promise<void> {
    const { urls, oracle } = this.#options;
    const ids = oracle.ids;
    const chunks = Array.from({ length: Math.ceil(ids.length / AUDIT_AT_ONCE) }, (_, i) =>
      ids.slice(i * AUDIT_AT_ONCE, (i + 1) * AUDIT_AT_ONCE),
    );
    await Promise.all(
      urls.map(async (url, gateway) => {
        for (const chunk of chunks) await this.#auditSome(url, `audit of gateway ${gateway}`, chunk);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave.abort();
    for (const socket of this.#sockets.flat()) await socket.dispose();
  }

  /** One task from its submission to its end, with all other clients that look at it. */
  async #life(requestId: string, trial: Trial & ClientHabits, random: Random): Promise<void> {
    const gateways = this.#options.urls.length;
    const home = random.below(gateways);
    const other = (home + 1 + random.below(Math.max(1, gateways - 1))) % gateways;
    const anyway = () => ({
      gateway: random.pick([home, other]),
      transport: random.pick(['POST', 'WebSocket'] as const),
    });
    const { rivals = 0 } = trial;
    const named = rivals > 0 || random.chance(0.4) ? requestId : undefined;
    for (let rival = 0; rival < rivals; rival++) {
      this.#aside(this.#submitLater(random.between(0, 400), anyway(), trial, requestId));
    }
    const id = await this.#submit({ ...anyway(), gateway: home }, trial, named);
    if (id === undefined) return;

    const first = trial.unwatched
      ? sleep((trial.timeoutMs ?? 0) + 2_000)
      : this.#watch(id, { gateway: home, transport: random.chance(0.15) ? 'SSE' : 'WebSocket' }, random);
    if (!trial.unwatched && random.chance(0.4)) {
      this.#aside(
        this.#watch(id, { gateway: other, transport: random.chance(0.15) ? 'SSE' : 'WebSocket' }, random),
      );
    }
    if (!trial.unwatched && random.chance(0.2)) this.#aside(this.#ask(id, other));
    if (trial.cancelAfterMs !== undefined)
      this.#aside(this.#cancel(id, random.pick([home, other]), trial.cancelAfterMs));
    await first;
    // The other gateway is asked at once. It may not have received the end yet.
    if (random.chance(0.5)) await this.#ask(id, other);
    if (random.chance(0.2)) {
      await this.#watch(id, { gateway: random.pick([home, other]), transport: 'WebSocket' }, random);
    }
  }

  #aside(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  async #submitLater(
    afterMs: number,
    operation: Operation,
    trial: Trial & ClientHabits,
    requestId: string,
  ): Promise<void> {
    await sleep(afterMs);
    await this.#submit(operation, trial, requestId);
  }

  /** @returns undefined if a client that gives up was refused, or if the clients must stop. */
  async #submit(
    { gateway, transport }: Operation,
    trial: Trial & ClientHabits,
    requestId: string | undefined,
  ): Promise<string | undefined> {
    const variables = { input: trial.input, options: { requestId, timeoutMs: trial.timeoutMs } };
    const answered = await this.#persist(async () => {
      for await (const answer of this.#answers({ gateway, transport }, PREDICT_TRIP, variables)) {
        const task = this.#taskIn(answer, 'predictTrip');
        if (task === undefined) {
          if (trial.givesUp) return 'refused';
          continue;
        }
        this.#options.oracle.accepted(trial, task, requestId);
        this.#options.oracle.saw(task, `mutation on gateway ${gateway}`);
        return task;
      }
      return undefined;
    });
    return answered === 'refused' ? undefined : answered?.id;
  }

  /** Subscribes until the final state arrives, over as many connections as necessary. */
  async #watch(id: string, operation: Operation, random: Random): Promise<void> {
    const { oracle } = this.#options;
    const [query, field] = random.chance(0.7)
      ? ([TASK_RESULT, 'taskResult'] as const)
      : ([TASK_UPDATES, 'taskUpdates'] as const);
    const by = `${field} over ${operation.transport} on gateway ${operation.gateway} (${random.below(1e6)})`;
    oracle.waits(id, by);
    await this.#persist(async () => {
      for await (const answer of this.#answers(operation, query, { id })) {
        const task = this.#taskIn(answer, field, id, by);
        if (task === 'denied') return true;
        if (task === undefined) continue;
        oracle.saw(task, by);
        if (isFinal(task)) return true;
        if (field === 'taskResult') oracle.surprise(`${by} told ${task.state} of ${id}`);
      }
      return undefined;
    });
  }

  async #ask(id: string, gateway: number): Promise<void> {
    const by = `query on gateway ${gateway}`;
    await this.#persist(async () => {
      for await (const answer of this.#answers({ gateway, transport: 'POST' }, TASK, { id })) {
        const task = this.#taskIn(answer, 'task', id, by);
        if (task === undefined) continue;
        if (task !== 'denied') this.#options.oracle.saw(task, by);
        return true;
      }
      return undefined;
    });
  }

  /** Tries once to cancel the task. A refused cancellation is not repeated. */
  async #cancel(id: string, gateway: number, afterMs: number): Promise<void> {
    await sleep(afterMs);
    const by = `cancel on gateway ${gateway}`;
    try {
      const answer = await post(this.#url(gateway), CANCEL_TASK, { id });
      const task = this.#taskIn(answer, 'cancelTask', id, by);
      if (task === undefined || task === 'denied') return;
      if (!isFinal(task)) this.#options.oracle.surprise(`${by} told ${task.state} of ${id}`);
      this.#options.oracle.saw(task, by);
    } catch {
      // The gateway died meanwhile. The task may be canceled or not.
    }
  }

  async #auditSome(url: string, by: string, ids: readonly string[]): Promise<void> {
    const { oracle } = this.#options;
    const giveUpAt = performance.now() + AUDIT_LIMIT_MS;
    for (const id of ids) oracle.waits(id, by);
    let open = ids;
    while (open.length > 0 && performance.now() < giveUpAt) {
      const query = `{ ${open.map((id, i) => `t${i}: task(id: "${id}") { ${TASK_FIELDS} }`).join(' ')} }`;
      const { data, errors = [] } = await post(url, query).catch((): Answer => ({}));
      open = open.filter((id, i) => {
        const task = data?.[`t${i}`];
        if (task != null) {
          oracle.saw(task, by);
          return !isFinal(task);
        }
        const code = errors.find(({ path }) => path?.[0] === `t${i}`)?.extensions.code ?? '';
        if (UNKNOWN.has(code)) oracle.denied(id, code, by);
        return !UNKNOWN.has(code);
      });
      if (open.length > 0) await sleep(RETRY_MS);
    }
  }

  /** Repeats an attempt until it gives a value. @returns undefined if the clients must stop. */
  async #persist<T>(attempt: () => Promise<T | undefined>): Promise<T | undefined> {
    while (!this.#leave.signal.aborted) {
      // Any connection may break at any time. That is expected.
      const found = await attempt().catch(() => undefined);
      if (found !== undefined) return found;
      await sleep(RETRY_MS);
    }
    return undefined;
  }

  async *#answers(
    { gateway, transport }: Operation,
    query: string,
    variables: Record<string, unknown>,
  ): AsyncGenerator<Answer> {
    const url = this.#url(gateway);
    if (transport === 'POST') yield await post(url, query, variables);
    else if (transport === 'SSE') yield* sse(url, query, variables);
    else yield* overWebSocket(this.#socket(gateway), query, variables);
  }

  #taskIn(answer: Answer, field: string): TaskView | undefined;
  #taskIn(answer: Answer, field: string, id: string, by: string): TaskView | 'denied' | undefined;
  #taskIn(
    { data, errors = [] }: Answer,
    field: string,
    id?: string,
    by?: string,
  ): TaskView | 'denied' | undefined {
    const { oracle } = this.#options;
    for (const { extensions, message } of errors) {
      if (PASSING.has(extensions.code)) oracle.refused(extensions.code);
      else if (id !== undefined && by !== undefined && UNKNOWN.has(extensions.code)) {
        oracle.denied(id, extensions.code, by);
        return 'denied';
      } else oracle.surprise(`${field} was answered with ${extensions.code}: ${message}`);
    }
    return data?.[field] ?? undefined;
  }

  #url(gateway: number): string {
    return this.#options.urls[gateway] ?? '';
  }

  #socket(gateway: number): Client {
    const sockets = this.#sockets[gateway] ?? [];
    const socket = sockets[this.#turn++ % sockets.length];
    if (socket === undefined) throw new Error(`there is no gateway ${gateway}`);
    return socket;
  }
}

/** A WebSocket client that always reconnects at once. */
function openWebSocket(url: string): Client {
  return createClient({
    url: url.replace('http', 'ws'),
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: () => sleep(RETRY_MS),
    shouldRetry: () => true,
    lazy: false,
    onNonLazyError: () => {},
  });
}
