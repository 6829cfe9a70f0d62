/**
 * The broker, in Tidings' words: jobs, results, requests, dead letters, presence. NATS is spoken in this folder and
 * nowhere else. A method that stores returns once the stream has answered; a method that reads asks the stream's
 * leader unless it says otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { type Msg, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { messageOf, RequestError, RequestErrorCode } from '../errors.ts';
import { checkPresence, checkRunningNotice, MalformedMessage } from '../heard.ts';
import type { Logger } from '../log.ts';
import type { Model } from '../models.ts';
import {
  consumerName,
  type DeadLetter,
  decodeDeadLetter,
  decodeRequestRecord,
  decodeResult,
  decodeSuspectMark,
  encodeMessage,
  type Job,
  type JobHeader,
  PRESENCE_INTERVAL_MS,
  type RequestRecord,
  type Result,
  type RunningNotice,
  readJobHeader,
  type SuspectMark,
  streams,
  subjects,
  type WorkerPresence,
} from '../protocol.ts';
import type { Task, TaskAddress } from '../task.ts';
import { BrokerClock } from './clock.ts';
import { type ConnectionOptions, connectPatiently, withinGoodbye } from './connection.ts';
import { JobConsumer } from './jobConsumer.ts';
import { Publisher, type PublishOutcome } from './publisher.ts';
import { ensureStreams, isPassing, type StreamLimits } from './streams.ts';

export interface BrokerOptions extends ConnectionOptions {
  readonly models: readonly Model[];
  readonly limits: StreamLimits;
}

export type { Delivery, JobSource } from './jobConsumer.ts';
export type { PublishOutcome } from './publisher.ts';

/** A queued job as it lies in its stream: subject and body may be unreadable. */
export interface StoredJob {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  /** Milliseconds since the epoch, broker time. */
  readonly storedAt: number;
}

export interface StoredRequest {
  readonly record: RequestRecord;
  readonly sequence: number;
}

export interface StoredDeadLetter {
  readonly letter: DeadLetter;
  readonly sequence: number;
}

/** What stops listening when disposed. */
export type Listening = Disposable;

const CLOCK_INTERVAL_MS = 10_000;
const READ_TIMEOUT_MS = 2_000;
/** How long a message may stay unconfirmed. */
const ACK_TIMEOUT_MS = 2_000;
const PRESENT_STATE_TIMEOUT_MS = 250;
const ENSURE_RETRY_MS = 500;
/** Tries between two lines in the log about a broker that is there but does not serve. */
const TRIES_PER_WARNING = 10;
/** A message that was deleted already. */
const NO_SUCH_MESSAGE = [10_037, 10_043];

/**
 * Connects, waiting for a broker that is not there yet, and sees to the streams.
 *
 * @throws {ConfigurationError} if the broker is too old or the streams do not fit; whatever the broker refuses otherwise.
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const connection = await connectPatiently(options);
  try {
    const manager = await jetstreamManager(connection, { timeout: READ_TIMEOUT_MS, checkAPI: false });
    await untilServed(options, () => ensureStreams(manager, options.models, options.limits));
    const broker = new Broker(connection, manager, options);
    await untilServed(options, () => broker.readClock());
    return broker;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Tries again while the broker does not serve: a cluster may have no leader yet, a disk be full. */
async function untilServed({ log, signal }: BrokerOptions, ask: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (signal?.aborted || !isPassing(error)) throw error;
      if (attempt % TRIES_PER_WARNING === 0)
        log.warn({ reason: messageOf(error) }, 'waiting for the broker to serve its streams');
      await sleep(ENSURE_RETRY_MS);
    }
  }
}

export class Broker implements AsyncDisposable {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #options: BrokerOptions;
  readonly #publisher: Publisher;
  readonly #clock = new BrokerClock();
  readonly #consumers = new Set<JobConsumer>();
  readonly #log: Logger;
  readonly #clockTimer: NodeJS.Timeout;
  readonly #connectionListeners = new Set<(connected: boolean) => void>();
  readonly #closing = new AbortController();
  #connected = true;
  #resultsHeld = { messages: 0, bytes: 0 };
  #reconnection = Promise.withResolvers<void>();

  constructor(connection: NatsConnection, manager: JetStreamManager, options: BrokerOptions) {
    this.#connection = connection;
    this.#manager = manager;
    this.#options = options;
    this.#log = options.log;
    this.#publisher = new Publisher({ connection, ackTimeoutMs: ACK_TIMEOUT_MS });
    this.#reconnection.resolve();
    this.#clockTimer = setInterval(() => this.readClock().catch(() => {}), CLOCK_INTERVAL_MS).unref();
    void this.#followConnection();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Milliseconds since the epoch on the broker's clock: what deadlines are compared with. */
  now(): number {
    return this.#clock.now();
  }

  /** What the stream of results held when the clock was last read; another object with every reading. */
  get resultsHeld(): { readonly messages: number; readonly bytes: number } {
    return this.#resultsHeld;
  }

  /** Resolves at once while connected, else after the next reconnect. */
  whenConnected(): Promise<void> {
    return this.#reconnection.promise;
  }

  /** @param listener is called with false when the connection breaks, with true when it is back. */
  onConnectionChange(listener: (connected: boolean) => void): Listening {
    this.#connectionListeners.add(listener);
    return { [Symbol.dispose]: () => this.#connectionListeners.delete(listener) };
  }

  // Writing

  /** @param again if an earlier try may have been stored: a job still queued is then not stored twice. */
  storeJob(job: Job, { again = false }: { again?: boolean } = {}): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.job(job), encodeMessage(job), { firstOfSubject: again });
  }

  /** Write-once: refused if the task has a final state already, or the store is full. */
  storeResult(result: Result, address: TaskAddress): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.resultOf(address), encodeMessage(result));
  }

  /** Write-once: refused if the request is known already, or the store is full. */
  storeRequest(hash: string, record: RequestRecord): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.request(hash), encodeMessage(record));
  }

  /** Write-once. */
  storeDeadLetter(letter: DeadLetter): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.dead(letter.model, letter.taskId), encodeMessage(letter));
  }

  /** Removes a request's record, and no later one. */
  async forgetRequest(hash: string, sequence: number): Promise<void> {
    const purge = { filter: subjects.request(hash), seq: sequence + 1 };
    await this.#asking(() => this.#manager.streams.purge(streams.requests, purge));
  }

  /** @returns whether the letter was still there. */
  async removeDeadLetter({ model, id }: TaskAddress): Promise<boolean> {
    const purge = { filter: subjects.dead(model, id) };
    return (await this.#asking(() => this.#manager.streams.purge(streams.dead, purge))).purged > 0;
  }

  /** Replaces the mark that the task has. */
  storeSuspectMark(mark: SuspectMark): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.suspect(mark.taskId), encodeMessage(mark));
  }

  /** Takes a task's job off its queue, if it is still there. Only after its final state is stored. */
  async removeJob(address: TaskAddress): Promise<void> {
    const purge = { filter: subjects.jobOf(address) };
    await this.#asking(() => this.#manager.streams.purge(streams.jobs(address.model), purge));
  }

  /**
   * The same for a job that lies before us, or what is none. By its sequence, never by its subject: anybody can publish to
   * one that holds wildcards, and such a purge would take other jobs along.
   */
  async deleteJob(model: string, sequence: number): Promise<void> {
    await this.#delete(streams.jobs(model), sequence);
  }

  // Reading: each throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer.

  readJob(address: TaskAddress): Promise<JobHeader | undefined> {
    return this.#readLast(streams.jobs(address.model), subjects.jobOf(address), readJobHeader);
  }

  readResult(address: TaskAddress): Promise<Result | undefined> {
    return this.#readWriteOnce(streams.results, subjects.resultOf(address), ({ data }) =>
      decodeResult(data, address.id),
    );
  }

  readRequest(hash: string): Promise<StoredRequest | undefined> {
    return this.#readWriteOnce(streams.requests, subjects.request(hash), ({ data, seq }) => ({
      record: decodeRequestRecord(data),
      sequence: seq,
    }));
  }

  readSuspectMark(taskId: string): Promise<SuspectMark | undefined> {
    return this.#readLast(streams.suspects, subjects.suspect(taskId), ({ data }) => decodeSuspectMark(data));
  }

  readDeadLetter({ model, id }: TaskAddress): Promise<DeadLetter | undefined> {
    return this.#readLast(streams.dead, subjects.dead(model, id), ({ data }) => decodeDeadLetter(data, id));
  }

  /** @returns the first dead letter of a model from a sequence on. What cannot be read is passed over. */
  async nextDeadLetter(model: string, fromSequence: number): Promise<StoredDeadLetter | undefined> {
    for (let sequence = fromSequence; ; ) {
      const query = { seq: sequence, next_by_subj: subjects.deadOf(model) };
      const message = await this.#asking(() => this.#manager.streams.getMessage(streams.dead, query));
      if (message === null) return undefined;
      const { subject, data, seq } = message;
      try {
        return { letter: decodeDeadLetter(data, subject.split('.')[2] ?? ''), sequence: seq };
      } catch (error) {
        this.#log.warn({ subject, reason: messageOf(error) }, 'a dead letter cannot be read');
        sequence = seq + 1;
      }
    }
  }

  /** @returns the sequence of the dead letter that was stored last, of any model. */
  async lastDeadSequence(): Promise<number> {
    return (await this.#asking(() => this.#manager.streams.info(streams.dead))).state.last_seq;
  }

  /** Asks any replica: fast, and a hit is the truth (results are write-once), but a miss proves nothing. */
  async peekResult(address: TaskAddress): Promise<Result | undefined> {
    const query = { last_by_subj: subjects.resultOf(address) };
    const message = await this.#asking(() => this.#manager.direct.getMessage(streams.results, query));
    return message === null ? undefined : decodeResult(message.data, address.id);
  }

  /** @returns the first queued job from a sequence on whose deadline lies in the given second, as it is stored. */
  async nextJobDueIn(model: string, second: number, fromSequence: number): Promise<StoredJob | undefined> {
    const query = { seq: fromSequence, next_by_subj: subjects.jobsDueIn(model, second) };
    const message = await this.#asking(() => this.#manager.streams.getMessage(streams.jobs(model), query));
    return message === null ? undefined : storedJob(message);
  }

  /** @returns the first queued job from a sequence on, whatever its subject says. */
  async oldestJob(model: string, fromSequence: number): Promise<StoredJob | undefined> {
    // The filter of all: one with as many tokens as a job's does not match a subject that holds a wildcard.
    const query = { seq: fromSequence, next_by_subj: '>' };
    const message = await this.#asking(() => this.#manager.streams.getMessage(streams.jobs(model), query));
    return message === null ? undefined : storedJob(message);
  }

  /** @returns the deadline seconds of all queued jobs of a model, oldest first. */
  async queuedDeadlines(model: string): Promise<readonly number[]> {
    const seconds = new Set<number>();
    const filter = { subjects_filter: subjects.allJobs(model) };
    const info = await this.#asking(() => this.#manager.streams.info(streams.jobs(model), filter));
    for (const subject of Object.keys(info.state.subjects ?? {})) seconds.add(Number(subject.split('.')[4]));
    return [...seconds].toSorted((a, b) => a - b);
  }

  /** Throws unless the broker answers and the streams are there. */
  async checkStreams(models: readonly Model[]): Promise<void> {
    const names = [
      streams.results,
      streams.requests,
      ...models.map(({ manifest }) => streams.jobs(manifest.name)),
    ];
    await Promise.all(names.map((name) => this.#asking(() => this.#manager.streams.info(name))));
  }

  // Hearing

  /** Hears the final state of every task that one gateway accepted, once it is stored. At most once each. */
  listenFinals(home: string, hear: (result: Result) => void): Listening {
    return this.#listen(subjects.finalsOf(home), (message) => hear(heardResult(message)));
  }

  /** Hears the final state of one task. Resolves once the broker listens. */
  async listenFinal(address: TaskAddress, hear: (result: Result) => void): Promise<Listening> {
    const listening = this.#listen(subjects.finalOf(address), (message) => hear(heardResult(message)));
    await this.#asking(() => this.#connection.flush());
    return listening;
  }

  /** Hears that a dead letter of a model was stored, at most once each. Resolves once the broker listens. */
  async listenDead(model: string, hear: () => void): Promise<Listening> {
    const listening = this.#listen(subjects.diedOf(model), hear);
    await this.#asking(() => this.#connection.flush());
    return listening;
  }

  /** Hears which tasks of a gateway run; the gateway that accepted them is told always, others while they listen. */
  listenRunning(home: string, hear: (notice: RunningNotice) => void): Listening {
    return this.#listen(subjects.running(home), (message) => hear(checkRunningNotice(message.json())));
  }

  announceRunning(home: string, notice: RunningNotice): void {
    if (this.#connected) this.#connection.publish(subjects.running(home), encodeMessage(notice));
  }

  /** Answers other gateways that ask for the present state of a task that this one accepted. */
  answerPresentState(home: string, find: (id: string) => Task | undefined): Listening {
    return this.#listen(subjects.presentState(home), (message) => {
      message.respond(encodeMessage(find(message.string()) ?? {}));
    });
  }

  /** @returns the present state as its home gateway knows it; undefined if that one is gone or has forgotten it. */
  async askPresentState({ id, home }: TaskAddress): Promise<Task | undefined> {
    try {
      const reply = await this.#connection.request(subjects.presentState(home), id, {
        timeout: PRESENT_STATE_TIMEOUT_MS,
      });
      const task = reply.json<Partial<Task>>();
      return task.id === id ? (task as Task) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Tells gateways at once, regularly and whenever one asks that this worker serves. Disposing says good-bye. */
  announceWorker(presence: WorkerPresence): Listening {
    const announce = () => {
      if (this.#connected) this.#connection.publish(subjects.workerPresence, encodeMessage(presence));
    };
    const asked = this.#listen(subjects.askWorkers, announce);
    const timer = setInterval(announce, PRESENCE_INTERVAL_MS).unref();
    announce();
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        asked[Symbol.dispose]();
        if (this.#connected)
          this.#connection.publish(subjects.workerLeft, encodeMessage({ id: presence.id }));
      },
    };
  }

  /** Hears workers, those that live already at once. */
  listenWorkers({
    present,
    left,
  }: {
    present: (presence: WorkerPresence) => void;
    left: (id: string) => void;
  }): Listening {
    const stack = new DisposableStack();
    stack.use(this.#listen(subjects.workerPresence, (message) => present(checkPresence(message.json()))));
    stack.use(this.#listen(subjects.workerLeft, (message) => left(message.json<{ id: string }>().id)));
    this.#connection.publish(subjects.askWorkers);
    return stack;
  }

  /** @param maxHeld jobs requested or held at once, from pull to ack. */
  consumeJobs({ model, version, maxHeld }: { model: string; version: string; maxHeld: number }): JobConsumer {
    const consumer = new JobConsumer({
      connection: this.#connection,
      stream: streams.jobs(model),
      consumer: consumerName(version),
      maxHeld,
      log: this.#log.child({ model, version }),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  /** One estimate of the broker's time, and what the results take up. */
  async readClock(): Promise<void> {
    const sentAt = performance.now();
    const { ts, state } = await this.#asking(() => this.#manager.streams.info(streams.results));
    this.#clock.learn(Date.parse(String(ts)), sentAt, performance.now());
    this.#resultsHeld = { messages: state.messages, bytes: state.bytes };
  }

  /** Sends what is still to be sent, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#clockTimer);
    for (const consumer of this.#consumers) await consumer[Symbol.asyncDispose]();
    if (this.#connected && !this.#connection.isClosed()) await withinGoodbye(this.#connection.flush());
    this.#publisher[Symbol.dispose]();
    await this.#connection.close();
  }

  #listen(subject: string, hear: (message: Msg) => void): Listening {
    const subscription = this.#connection.subscribe(subject, {
      callback: (_error, message) => {
        try {
          hear(message);
        } catch (error) {
          this.#log.warn(
            { reason: messageOf(error), subject: message.subject },
            'a message from the broker could not be read',
          );
        }
      },
    });
    return {
      [Symbol.dispose]: () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
      },
    };
  }

  async #readLast<T>(
    stream: string,
    subject: string,
    decode: (message: StoredMsg) => T,
  ): Promise<T | undefined> {
    const message = await this.#asking(() =>
      this.#manager.streams.getMessage(stream, { last_by_subj: subject }),
    );
    return message === null ? undefined : decode(message);
  }

  /**
   * Reads what is written once. Whatever cannot be read is none of ours, and keeps ours from being written: it goes, by
   * its sequence, so that nothing that comes in its place goes with it.
   */
  async #readWriteOnce<T>(
    stream: string,
    subject: string,
    decode: (message: StoredMsg) => T,
  ): Promise<T | undefined> {
    let sequence = 0;
    try {
      return await this.#readLast(stream, subject, (message) => {
        sequence = message.seq;
        return decode(message);
      });
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#log.error({ stream, subject, reason: error.message }, 'deleting a message that cannot be read');
      await this.#delete(stream, sequence);
      return undefined;
    }
  }

  async #delete(stream: string, sequence: number): Promise<void> {
    await this.#asking(async () => {
      try {
        await this.#manager.streams.deleteMessage(stream, sequence, false);
      } catch (error) {
        if (!(error instanceof JetStreamApiError && NO_SUCH_MESSAGE.includes(error.code))) throw error;
      }
    });
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#connected) throw brokerUnavailable('it is not connected');
    try {
      return await ask();
    } catch (error) {
      throw brokerUnavailable(messageOf(error), error);
    }
  }

  async #followConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect' && this.#connected) this.#connectionChanged(false);
      else if (status.type === 'reconnect') this.#connectionChanged(true);
      else if (status.type === 'error') this.#hearError(status.error);
    }
  }

  /** A publish that is not permitted has no reply: without this, it would only be found overdue. */
  #hearError(error: Error): void {
    this.#log.warn({ reason: error.message }, 'the broker complains');
    if (error instanceof PermissionViolationError && error.operation === 'publish')
      this.#publisher.notPermitted(error.subject, error.message);
  }

  /** It may be another server with another clock, or one that has lost its data. */
  async #meetAgain(): Promise<void> {
    this.#clock.forget();
    try {
      await untilServed({ ...this.#options, signal: this.#closing.signal }, async () => {
        if (!this.#connected) return;
        await ensureStreams(this.#manager, this.#options.models, this.#options.limits);
        await this.readClock();
      });
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#log.error({ err: error }, 'the streams could not be checked after a reconnect');
    }
  }

  #connectionChanged(connected: boolean): void {
    this.#connected = connected;
    if (connected) {
      this.#log.info('connected to the broker again');
      void this.#meetAgain();
      this.#reconnection.resolve();
    } else {
      this.#log.warn('connection to the broker lost: trying to reconnect');
      this.#reconnection = Promise.withResolvers();
    }
    this.#publisher.connectionChanged(connected);
    for (const consumer of this.#consumers) consumer.connectionChanged(connected);
    for (const listener of this.#connectionListeners) listener(connected);
  }
}

/** How long a client should wait before it tries again, in milliseconds: about a broker's restart. */
const RETRY_AFTER_MS = 1_000;

function storedJob({ subject, data, seq, timestamp }: StoredMsg): StoredJob {
  return { subject, data, sequence: seq, storedAt: Date.parse(timestamp) };
}

/** @throws {MalformedMessage} unless it is the final state of the task that its subject names. */
function heardResult({ subject, data }: Msg): Result {
  return decodeResult(data, subject.split('.')[2] ?? '');
}

export function brokerUnavailable(reason: string, cause?: unknown): RequestError {
  return new RequestError(
    RequestErrorCode.BrokerUnavailable,
    `The broker does not answer (${reason}). Try again in a moment.`,
    { details: { retryAfterMs: RETRY_AFTER_MS }, cause },
  );
}
