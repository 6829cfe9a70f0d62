/**
 * The broker, in Tidings' words: jobs, results, requests, dead letters, presence. NATS is spoken in this folder and
 * nowhere else. A method that stores returns once the stream has answered; a method that reads asks the stream's
 * leader unless it says otherwise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredMsg } from '@nats-io/jetstream';
import {
  AuthorizationError,
  type NatsConnection,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { brokerUnavailable, messageOf } from '../contract/errors.ts';
import { encodeBundle, jobIn, type QueuedBundle, rowsIn } from '../contract/messages/bundle.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { endedRows } from '../contract/messages/ends.ts';
import type { JobHeader, RowBatchJob } from '../contract/messages/job.ts';
import {
  decodeRequestRecord,
  type ExpectedRequest,
  type RequestRecord,
} from '../contract/messages/requestRecord.ts';
import { decodeSuspectMark, type Suspect, type SuspectMark } from '../contract/messages/suspectMark.ts';
import type { Owner } from '../contract/owner.ts';
import {
  consumerName,
  holdsTasks,
  LANES,
  Lane,
  laneOfConsumer,
  modelOfQueue,
  stepConsumerName,
  streamMadeIn,
  streams,
  subjects,
} from '../contract/subjects.ts';
import { type BundleAddress, parseTaskId, type TaskAddress, withoutTaskIds } from '../contract/taskId.ts';
import type { Model } from '../models/models.ts';
import type { StepPlace } from '../models/stepPlaces.ts';
import { LimitedLog } from '../process/limitedLog.ts';
import type { Logger } from '../process/log.ts';
import { Acks } from './acks.ts';
import { ActualStore } from './actualStore.ts';
import { ArtifactStore } from './artifactStore.ts';
import { AuditStore } from './auditStore.ts';
import { BlobStore } from './blobStore.ts';
import { ChunkStore } from './chunkStore.ts';
import { BrokerClock } from './clock.ts';
import { accessWith, type ConnectionOptions, connectPatiently, withinGoodbye } from './connection.ts';
import { DatasetStore } from './datasetStore.ts';
import { DeadLetterStore } from './deadLetterStore.ts';
import { EndStore } from './endStore.ts';
import { JobConsumer, type JobConsumerOptions } from './jobConsumer.ts';
import { KeyStore } from './keyStore.ts';
import { Leases } from './leases.ts';
import { digestsIn } from './namedDigests.ts';
import { type Listening, Notices } from './notices.ts';
import { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import { QueueStore } from './queueStore.ts';
import { Rights } from './rights.ts';
import { inboxPrefix } from './roles.ts';
import { RolloutStore } from './rolloutStore.ts';
import { ShadowMessages } from './shadowMessages.ts';
import { StepSource } from './stepSource.ts';
import { decodeStored, type StoredJob } from './storedJob.ts';
import { StoredMessages } from './storedMessages.ts';
import { StreamApis } from './streamApis.ts';
import {
  blobsKeptMs,
  type ConsumedLane,
  dropConsumers,
  ensureConsumers,
  ensureFormerResults,
  ensureStreams,
  hasFormerResults,
  isPassing,
  type Provision,
  type StreamLimits,
} from './streams.ts';
import { StreamWatch } from './streamWatch.ts';
import { TaskIndex } from './taskIndex.ts';
import { VersionStore } from './versionStore.ts';
import { WorkLog } from './workLog.ts';
import { WorkStore } from './workStore.ts';
import { WriteCheck } from './writeCheck.ts';

export interface BrokerOptions extends ConnectionOptions {
  /** Their versions may change. At each connection those of the moment count. */
  readonly models: readonly Model[];
  readonly limits: StreamLimits;
}

export type { ActualsHeld, StoredActual } from './actualStore.ts';
export type { ArtifactStore, ListedArtifact, StoredArtifact } from './artifactStore.ts';
export type { StoredAuditEntry } from './auditStore.ts';
export { BlobGone } from './blobParts.ts';
export type { BlobStore } from './blobStore.ts';
export type { Tally } from './chunkStore.ts';
export type { DatasetFilter, StoredDataset } from './datasetStore.ts';
export type { StoredDeadLetter } from './deadLetterStore.ts';
export type { EndsOutcome } from './endStore.ts';
export type { Delivery } from './heldDelivery.ts';
export type { JobSource } from './jobConsumer.ts';
export type { KeyChange, KeysRead } from './keyStore.ts';
export { NO_KEYS_READ } from './keyStore.ts';
export type { Announcement, Listening } from './notices.ts';
export type { NotStored, PublishOutcome } from './publishOutcome.ts';
export type { LaneState, QueueState, QueueStore, StoreState } from './queueStore.ts';
export type { StoredRollout } from './rolloutStore.ts';
export type { StepSource, TakenStep } from './stepSource.ts';
export type { StoredJob } from './storedJob.ts';
export type { QueuedPlace } from './taskIndex.ts';
export type { RegisteredVersion, RegistryContent, VersionStore } from './versionStore.ts';
export type { StoredLogLines } from './workLog.ts';
export { parseWorkSubject, type WorkSubject } from './workStore.ts';

export interface StoredRequest {
  readonly record: RequestRecord;
  /** Of its task. */
  readonly address: TaskAddress;
  readonly sequence: number;
}

const CLOCK_INTERVAL_MS = 10_000;
/** How long a message may stay unconfirmed. */
const ACK_TIMEOUT_MS = 2_000;
const ENSURE_RETRY_MS = 500;
/** The number of tries between two lines in the log about a broker that is there but does not serve. */
const TRIES_PER_WARNING = 10;
/** A login is tried several times a second. */
const LOGINS_PER_WARNING = 50;

/**
 * Connects to the broker, however long that takes, and makes sure that the streams exist. A process that may not make
 * them waits until an admin has done so.
 *
 * @throws {ConfigurationError} if the broker is too old, or if the streams do not fit. Other errors of the broker pass
 *   through.
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const connection = await connectPatiently(options);
  try {
    const rights = new Rights(connection);
    const apis = await StreamApis.open(connection, rights);
    const provision = { apis, limits: options.limits, rights };
    await untilServed(options, () => ensureAll(provision, options));
    const broker = new Broker(connection, provision, options);
    await untilServed(options, () => broker.readClock());
    return broker;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** @returns the broker that holds only blobs and artifacts; undefined if they are held with the rest. Throws as `openBroker`. */
export async function openBlobsBroker(options: BrokerOptions): Promise<Broker | undefined> {
  const { blobsNatsUrl } = options.limits;
  if (blobsNatsUrl === undefined) return undefined;
  const access = accessWith(options.access, blobsNatsUrl);
  const limits = { ...options.limits, onlyBlobs: true };
  return openBroker({ ...options, access, limits, models: [], name: `${options.name}-blobs` });
}

async function ensureAll(
  provision: BrokerProvision,
  { models, log }: Pick<BrokerOptions, 'models' | 'log'>,
): Promise<void> {
  await provision.rights.read();
  const left = await ensureStreams(provision, models);
  if (left.length > 0)
    log.warn(
      { left },
      'streams or consumers have other settings than this process, which may not change them: run npm run broker -- provision with its settings',
    );
}

/** `Provision` with rights that can be read anew. */
type BrokerProvision = Provision & { readonly rights: Rights };

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
  readonly notices: Notices;
  readonly deadLetters: DeadLetterStore;
  readonly queues: QueueStore;
  readonly ends: EndStore;
  readonly index: TaskIndex;
  readonly chunks: ChunkStore;
  readonly rollouts: RolloutStore;
  readonly actuals: ActualStore;
  readonly keys: KeyStore;
  readonly audit: AuditStore;
  readonly datasets: DatasetStore;
  /** At the broker of `BLOBS_NATS_URL`, if there is one: see `openBlobsBroker`. */
  readonly blobs: BlobStore;
  /** At the same broker as the blobs. */
  readonly artifacts: ArtifactStore;
  readonly versions: VersionStore;
  readonly shadows: ShadowMessages;
  readonly work: WorkStore;
  readonly workLog: WorkLog;
  readonly #connection: NatsConnection;
  readonly #provision: BrokerProvision;
  readonly #options: BrokerOptions;
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #clock = new BrokerClock();
  readonly #streamWatch: StreamWatch;
  readonly #writeCheck: WriteCheck;
  readonly #leases: Leases;
  readonly #acks = new Acks();
  /** The consumers, with the lane whose jobs each takes; undefined: it takes steps. */
  readonly #consumers = new Map<JobConsumer, ConsumedLane | undefined>();
  /** Once there is a consumer. */
  #nudges: Listening | undefined;
  readonly #log: Logger;
  readonly #clockTimer: NodeJS.Timeout;
  readonly #connectionListeners = new Set<(connected: boolean) => void>();
  readonly #closing = new AbortController();
  #connected = true;
  #reconnects = 0;
  /** Refused logins in a row, since the connection broke. */
  #loginsRefused = 0;
  #reconnection = Promise.withResolvers<void>();

  constructor(connection: NatsConnection, provision: BrokerProvision, options: BrokerOptions) {
    this.#connection = connection;
    this.#provision = provision;
    this.#options = options;
    const { log } = options;
    const { apis } = provision;
    this.#log = log;
    const isConnected = () => this.#connected;
    this.#leases = new Leases({ isConnected });
    this.#writeCheck = new WriteCheck({ connection, ...provision });
    this.#streamWatch = new StreamWatch({
      ...options,
      provision,
      isConnected,
      taken: () => [...this.#consumers.values()].filter((lane) => lane !== undefined),
      onMade: () => this.#tellConnected(true),
    });
    const suspect = () => this.#streamWatch.suspect();
    const publisher = new Publisher({
      connection,
      inboxPrefix: inboxPrefix(options.role),
      ackTimeoutMs: ACK_TIMEOUT_MS,
      onNoStream: suspect,
      onUnconfirmed: (subject) => this.#writeCheck.unconfirmed(subject),
      onWrite: () => this.#acks.send(),
    });
    const reading = { isConnected, log, onFailure: suspect };
    const stored = new StoredMessages({ ...reading, manager: () => apis.tasks });
    const guarded = new StoredMessages({ ...reading, manager: () => apis.guarded });
    const limitedLog = new LimitedLog(log);
    const notices = new Notices({ connection, isConnected, log: limitedLog });
    this.#publisher = publisher;
    this.#stored = stored;
    this.notices = notices;
    const former = {
      isThere: () => stored.ask(hasFormerResults),
      makeRoom: () => stored.ask(() => ensureFormerResults(provision)),
    };
    this.ends = new EndStore({ publisher, stored, notices, former });
    this.index = new TaskIndex({ stored });
    this.queues = new QueueStore({ stored, guarded });
    this.chunks = new ChunkStore({ publisher, stored, readsDirectly: options.role !== 'worker' });
    this.deadLetters = new DeadLetterStore({ publisher, stored, notices, log: limitedLog });
    this.rollouts = new RolloutStore({ publisher, stored, notices });
    this.actuals = new ActualStore({ publisher, stored, log: limitedLog });
    this.keys = new KeyStore({ publisher, stored: guarded, uses: stored, log });
    this.audit = new AuditStore({ publisher, stored: guarded, log: limitedLog });
    this.datasets = new DatasetStore({ publisher, stored, log: limitedLog });
    const now = () => this.now();
    const keptMs = blobsKeptMs(options.limits);
    this.blobs = new BlobStore({ publisher, stored, connection, keptMs, now });
    this.artifacts = new ArtifactStore({ publisher, stored, connection, now });
    this.versions = new VersionStore({ publisher, stored, notices, log });
    this.shadows = new ShadowMessages({ connection, notices, log, limitedLog });
    this.work = new WorkStore({ publisher, stored, notices, log: limitedLog });
    this.workLog = new WorkLog({ publisher, stored, notices, log: limitedLog });
    // Another process may have made it again before this one has noticed that it was gone.
    notices.listen(subjects.streamMade, ({ subject }) => {
      if (holdsTasks(streamMadeIn(subject))) this.#tellConnected(true);
    });
    this.#reconnection.resolve();
    this.#clockTimer = setInterval(() => this.readClock().catch(() => {}), CLOCK_INTERVAL_MS).unref();
    void this.#followConnection();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** How often the connection came back after it was lost. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** How long the broker took for its last answer about its clock; undefined before the first since the connection. */
  get roundTripMs(): number | undefined {
    return this.#clock.roundTripMs;
  }

  /** Milliseconds since the epoch on the broker's clock. Deadlines are compared with it. */
  now(): number {
    return this.#clock.now();
  }

  /** Resolves at once while connected, else after the next reconnect. */
  whenConnected(): Promise<void> {
    return this.#reconnection.promise;
  }

  /**
   * @param listener is called with false when the connection breaks. It is called with true when the connection is
   *   back, and when lost streams were made again: in both cases the streams may hold less than before.
   */
  onConnectionChange(listener: (connected: boolean) => void): Listening {
    this.#connectionListeners.add(listener);
    return { [Symbol.dispose]: () => this.#connectionListeners.delete(listener) };
  }

  /** Looks for what is missing as soon as a stream or a consumer is deleted, for an admin. */
  watchDeletions(): Listening {
    const stack = new DisposableStack();
    for (const subject of [subjects.streamDeleted, subjects.consumerDeleted])
      stack.use(this.notices.listen(subject, () => this.#streamWatch.suspect()));
    return stack;
  }

  /**
   * Makes sure that a version's stream and consumers exist. Called before its jobs are offered or taken. Idempotent.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async ensureVersion(model: string, version: string): Promise<void> {
    await this.#stored.ask(() => ensureConsumers(this.#provision, model, version));
  }

  /**
   * Deletes the consumers of a version that is retired, where this process may.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async dropVersion(model: string, version: string): Promise<void> {
    await this.#stored.ask(() => dropConsumers(this.#provision, model, version));
  }

  /**
   * @returns how many jobs of a version wait or are in a worker's hands.
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async jobsLeft(model: string, version: string): Promise<number> {
    const left = await Promise.all(
      LANES.map(async (lane) => {
        const { num_pending, num_ack_pending } = await this.#stored.ask((manager) =>
          manager.consumers.info(streams.jobs(model), consumerName(version, lane)),
        );
        return num_pending + num_ack_pending;
      }),
    );
    return left.reduce((sum, jobs) => sum + jobs);
  }

  /**
   * How far a lane of a version has been delivered to workers. No worker has a later job. A worker may have an earlier
   * one, unless it was handed back.
   *
   * @returns a sequence of the model's stream; 0 if no job was delivered. @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async handedOutUntil(model: string, version: string, lane: Lane): Promise<number> {
    const { delivered } = await this.#stored.ask((manager) =>
      manager.consumers.info(streams.jobs(model), consumerName(version, lane)),
    );
    return delivered.stream_seq;
  }

  /**
   * The digests that messages of work, datasets and versions name, whatever they are of. Retired versions do not count.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async namedArtifacts(): Promise<ReadonlySet<string>> {
    const { versions } = await this.versions.read();
    const retired = versions.filter(({ retired }) => retired !== undefined);
    const passedOver = retired.map(({ model, version }) => subjects.version(model, version, 'record'));
    return digestsIn(this.#stored, new Set(passedOver));
  }

  // Writing

  /** @param expected as `Publisher.publish` takes it: after 0, a bundle that still waits is `alreadyThere`. */
  storeBundle(bundle: QueuedBundle, expected: { after?: number | undefined } = {}): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.job(bundle), encodeBundle(bundle), expected);
  }

  /** Write-once: `alreadyThere` if the request is known. */
  storeRequest(hash: string, record: RequestRecord): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.request(hash), encodeMessage(record));
  }

  /** Removes a request's record, and no later one. */
  async forgetRequest(hash: string, sequence: number): Promise<void> {
    const purge = { filter: subjects.request(hash), seq: sequence + 1 };
    await this.#stored.purge(streams.requests, purge);
  }

  /** Replaces the mark that the task has. */
  storeSuspectMark(mark: SuspectMark): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.suspect(mark), encodeMessage(mark));
  }

  /** Removes the marks of tasks, or of all rows of their chunks. */
  async forgetSuspects(suspects: readonly Suspect[]): Promise<void> {
    const filters = suspects.map(({ taskId, place }) =>
      place === undefined ? subjects.suspect({ taskId }) : subjects.suspectRows(taskId, place.chunk),
    );
    for (const filter of new Set(filters)) await this.#stored.purge(streams.suspects, { filter });
  }

  /** `alreadyThere` while it waits. */
  storeRowBatchJob(job: RowBatchJob, address: TaskAddress): Promise<PublishOutcome> {
    const subject = subjects.job({ address, version: job.version, lane: Lane.Batch });
    return this.#publisher.publish(subject, encodeMessage(job), { after: 0 });
  }

  /** Takes a batch and its chunks off their queue. Only after its final state is stored. */
  async removeRowBatch(address: TaskAddress): Promise<void> {
    const stream = streams.jobs(address.model);
    await this.#stored.purge(stream, { filter: subjects.chunkJobsOf(address) });
    await this.removeRowBatchJob(address);
  }

  /** Takes the job of a row batch off its queue. Its chunks stay. Only after its end is stored. */
  async removeRowBatchJob(address: TaskAddress): Promise<void> {
    await this.#stored.purge(streams.jobs(address.model), { filter: subjects.jobOf(address) });
  }

  /** Takes a bundle off its queue if each of its tasks has its end. Otherwise a worker does so later. */
  async removeEnded(address: BundleAddress, owner: Owner): Promise<void> {
    const ended = endedRows(await this.ends.read(address, owner));
    for await (const stored of this.#jobsAt(address.model, subjects.jobOf(address))) {
      const content = contentOf(stored);
      if (content !== undefined && 'rows' in content && content.rows.every((row) => ended.has(row)))
        await this.deleteJob(address.model, stored.sequence);
    }
  }

  /**
   * Removes a stored message, which may be no job. It is removed by its sequence, never by its subject: a subject
   * can contain wildcards, and would then remove other jobs, too.
   */
  async deleteJob(model: string, sequence: number): Promise<void> {
    await this.#stored.delete(streams.jobs(model), sequence);
  }

  // Reading: each throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer.

  /** The header of a task's job. After a move, the newest of several. */
  async readJob(address: TaskAddress): Promise<JobHeader | undefined> {
    const filter = subjects.jobOf(address);
    const newest = await this.#stored.last(streams.jobs(address.model), filter, (job) => ({
      header: headerOf(job, address),
    }));
    // No message, so no older one: mostly the task has ended.
    if (newest === undefined || newest.header !== undefined) return newest?.header;
    for await (const job of this.#jobsAt(address.model, filter)) {
      const header = headerOf(job, address);
      if (header !== undefined) return header;
    }
    return undefined;
  }

  /** The queued messages that fit a filter of subjects, oldest first. */
  async *#jobsAt(model: string, filter: string): AsyncGenerator<StoredJob> {
    for (let sequence = 1; ; ) {
      const message = await this.#stored.next(streams.jobs(model), filter, sequence);
      if (message === undefined) return;
      yield storedJob(message);
      sequence = message.seq + 1;
    }
  }

  /** @param asked the request that the record must be about. Any other record is not ours, and is removed. */
  readRequest(hash: string, asked: ExpectedRequest): Promise<StoredRequest | undefined> {
    return this.#stored.lastReadable(streams.requests, subjects.request(hash), ({ data, seq, timestamp }) => {
      const record = decodeRequestRecord(data, asked, Date.parse(timestamp));
      const address = parseTaskId(record.job.taskId);
      if (address === undefined) throw new Error('a record that was decoded names a task');
      return { record, address, sequence: seq };
    });
  }

  readSuspectMark(taskId: string): Promise<SuspectMark | undefined> {
    return this.#stored.last(streams.suspects, subjects.suspect({ taskId }), ({ data, subject }) =>
      decodeSuspectMark(data, subject),
    );
  }

  /** @returns how often each suspected row of a chunk has run alone, by its index in the batch. */
  async readSuspectRows(taskId: string, chunk: number): Promise<ReadonlyMap<number, number>> {
    const filter = { subjects_filter: subjects.suspectRows(taskId, chunk) };
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.suspects, filter));
    const soloRuns = new Map<number, number>();
    for (const subject of Object.keys(state.subjects ?? {})) {
      const runs = await this.#stored.last(streams.suspects, subject, soloRunsIn);
      if (runs !== undefined) soloRuns.set(Number(subject.split('.').at(-1)), runs);
    }
    return soloRuns;
  }

  /** @returns the first queued job from a sequence on whose deadline lies in the given second, as it is stored. */
  async nextJobDueIn(model: string, second: number, fromSequence: number): Promise<StoredJob | undefined> {
    const message = await this.#stored.next(
      streams.jobs(model),
      subjects.jobsDueIn(model, second),
      fromSequence,
    );
    return message && storedJob(message);
  }

  /** @returns the first queued job from a sequence on, whatever its subject says. */
  async oldestJob(model: string, fromSequence: number): Promise<StoredJob | undefined> {
    // The filter for all subjects: one with the tokens of a job would not match a subject that contains a wildcard.
    const message = await this.#stored.next(streams.jobs(model), '>', fromSequence);
    return message && storedJob(message);
  }

  /** @returns the first queued job of a version from a sequence on, as it is stored. */
  async nextJobOf(model: string, version: string, fromSequence: number): Promise<StoredJob | undefined> {
    const filter = subjects.versionJobs(model, version);
    const message = await this.#stored.next(streams.jobs(model), filter, fromSequence);
    return message && storedJob(message);
  }

  /** The queued messages of a bundle's subject, oldest first: parts of it that wait for the same version. */
  queuedAt(bundle: QueuedBundle): Promise<readonly StoredJob[]> {
    return Array.fromAsync(this.#jobsAt(bundle.address.model, subjects.job(bundle)));
  }

  /** @returns the versions of a model that jobs may wait for: those that have a consumer. */
  async queuedVersions(model: string): Promise<readonly string[]> {
    const consumers = await this.#stored.ask((manager) =>
      Array.fromAsync(manager.consumers.list(streams.jobs(model))),
    );
    return [...new Set(consumers.flatMap(({ name }) => laneOfConsumer(name)?.version ?? []))];
  }

  /** The bytes in the queue of a model, with those that workers have. */
  async queuedBytes(model: string): Promise<number> {
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.jobs(model)));
    return state.bytes;
  }

  /** @returns the models whose queue is empty. It is one question, however many models there are. */
  async emptyQueues(): Promise<ReadonlySet<string>> {
    const queues = await this.#stored.ask((manager) =>
      Array.fromAsync(manager.streams.list(subjects.allQueues)),
    );
    return new Set(
      queues.flatMap(({ config: { name }, state }) => (state.messages === 0 ? modelOfQueue(name) : [])),
    );
  }

  /** @returns the deadline seconds of all queued jobs of a model, oldest first. */
  async queuedDeadlines(model: string): Promise<readonly number[]> {
    const seconds = new Set<number>();
    const filter = { subjects_filter: subjects.queue(model) };
    const info = await this.#stored.ask((manager) => manager.streams.info(streams.jobs(model), filter));
    for (const subject of Object.keys(info.state.subjects ?? {})) seconds.add(Number(subject.split('.')[4]));
    return [...seconds].toSorted((a, b) => a - b);
  }

  /**
   * Checks that the broker answers, that the streams exist, and that the broker stores messages.
   *
   * @throws {RequestError} after 2 seconds at the latest, with the reason: `BROKER_UNAVAILABLE` if it does not answer,
   *   `RESULT_STORE_FULL` if it answers and stores nothing.
   */
  async checkStreams(models: readonly Model[]): Promise<void> {
    const names = [
      streams.ends,
      streams.requests,
      ...models.map(({ manifest }) => streams.jobs(manifest.name)),
    ];
    // Both run at the same time. The result of the first counts first: a broker that does not answer stores nothing
    // either.
    const [answers, stores] = await Promise.allSettled([
      Promise.all(names.map((name) => this.#stored.ask((manager) => manager.streams.info(name)))),
      this.#writeCheck.check(),
    ]);
    for (const check of [answers, stores]) if (check.status === 'rejected') throw check.reason;
  }

  /**
   * The same without a question for each stream.
   *
   * @throws {RequestError} `RESULT_STORE_FULL` with the reason, after 2 seconds at the latest.
   */
  async checkWrites(): Promise<void> {
    await this.#writeCheck.check();
  }

  /**
   * The same only for streams that left a message of ours unconfirmed. It costs nothing while there is none.
   *
   * @throws {RequestError} `RESULT_STORE_FULL` with the reason, after 2 seconds at the latest.
   */
  async checkSilentStreams(): Promise<void> {
    await this.#writeCheck.checkSilent();
  }

  // Listening

  /**
   * @param maxHeld rows of jobs requested or held at once, from pull to ack. A chunk counts as one.
   */
  consumeJobs({ maxHeld, ...place }: ConsumedLane & { readonly maxHeld: number }): JobConsumer {
    const { model, version, lane } = place;
    const consumer = consumerName(version, lane);
    this.#nudges ??= this.notices.listenNudges((subject) => this.#nudge(subject));
    return this.#consume(
      { stream: streams.jobs(model), consumer, maxHeld, rowsIn, log: this.#log.child(place) },
      place,
    );
  }

  /** Takes the steps of these places. @see {StepSource} */
  consumeSteps(places: readonly StepPlace[]): StepSource {
    const oneRow = () => 1;
    return new StepSource({
      places,
      open: ({ step, trainerClass }) =>
        this.#consume({
          stream: streams.work,
          consumer: stepConsumerName(step, trainerClass),
          maxHeld: 1,
          rowsIn: oneRow,
          log: this.#log,
        }),
    });
  }

  /** One estimate of the broker's time. */
  async readClock(): Promise<void> {
    const sentAt = performance.now();
    const stream = this.#options.limits.onlyBlobs === true ? streams.blobs : streams.ends;
    const { ts } = await this.#stored.ask((manager) => manager.streams.info(stream));
    const brokerTime = Date.parse(String(ts));
    if (Number.isNaN(brokerTime)) throw brokerUnavailable('what it told is no time');
    this.#clock.learn(brokerTime, sentAt, performance.now());
  }

  /** The fill of the stream of ends. It may be smaller than its limit while there are results of 0.2. */
  async readEndsHeld(): Promise<{
    readonly messages: number;
    readonly bytes: number;
    readonly maxBytes: number;
  }> {
    const { state, config } = await this.#stored.ask((manager) => manager.streams.info(streams.ends));
    return { messages: state.messages, bytes: state.bytes, maxBytes: config.max_bytes };
  }

  /** Sends all pending messages, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#clockTimer);
    this.#streamWatch[Symbol.dispose]();
    this.#nudges?.[Symbol.dispose]();
    for (const consumer of this.#consumers.keys()) await consumer[Symbol.asyncDispose]();
    this.#leases[Symbol.dispose]();
    this.#acks[Symbol.dispose]();
    if (this.#connected && !this.#connection.isClosed()) await withinGoodbye(this.#connection.flush());
    this.#publisher[Symbol.dispose]();
    await this.#connection.close();
  }

  #consume(
    options: Pick<JobConsumerOptions, 'stream' | 'consumer' | 'maxHeld' | 'rowsIn' | 'log'>,
    lane?: ConsumedLane,
  ): JobConsumer {
    const consumer = new JobConsumer({
      ...options,
      connection: this.#connection,
      inboxPrefix: inboxPrefix(this.#options.role),
      leases: this.#leases,
      acks: this.#acks,
      onRefused: () => this.#streamWatch.suspect(),
      onClosed: () => this.#consumers.delete(consumer),
    });
    this.#consumers.set(consumer, lane);
    return consumer;
  }

  #nudge(subject: string): void {
    for (const [consumer, lane] of this.#consumers)
      if (lane !== undefined && subjects.nudge(lane) === subject) consumer.nudge();
  }

  async #followConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect' && this.#connected) this.#connectionChanged(false);
      else if (status.type === 'reconnect') this.#connectionChanged(true);
      else if (status.type === 'error') this.#hearError(status.error);
    }
  }

  /** A forbidden publish gets no reply. Without this, it would only be noticed when it is overdue. */
  #hearError(error: Error): void {
    if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) {
      if (this.#loginsRefused++ % LOGINS_PER_WARNING === 0)
        this.#log.error(
          { reason: error.message },
          'the broker refused the login: trying again until it takes it',
        );
      return;
    }
    this.#log.warn({ reason: error.message }, 'the broker complains');
    if (error instanceof PermissionViolationError && error.operation === 'publish')
      this.#publisher.notPermitted(error.subject, withoutTaskIds(error.message));
  }

  /** After a reconnect the server may be another one with another clock, or may have lost its data. */
  async #meetAgain(): Promise<void> {
    this.#clock.forget();
    try {
      await untilServed({ ...this.#options, signal: this.#closing.signal }, async () => {
        if (!this.#connected) return;
        await ensureAll(this.#provision, this.#options);
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
      this.#reconnects++;
      this.#loginsRefused = 0;
      this.#writeCheck.forget();
      this.#log.info('connected to the broker again');
      void this.#meetAgain();
      this.#reconnection.resolve();
    } else {
      this.#log.warn('connection to the broker lost: trying to reconnect');
      this.#reconnection = Promise.withResolvers();
    }
    this.#publisher.connectionChanged(connected);
    for (const consumer of this.#consumers.keys()) consumer.connectionChanged(connected);
    this.#tellConnected(connected);
  }

  #tellConnected(connected: boolean): void {
    for (const listener of this.#connectionListeners) listener(connected);
  }
}

function storedJob({ subject, data, seq, timestamp }: StoredMsg): StoredJob {
  return { subject, data, sequence: seq, storedAt: Date.parse(timestamp) };
}

/** A mark that cannot be read still marks its row: a row that runs alone harms no other. */
function soloRunsIn({ data, subject }: StoredMsg): number {
  try {
    return decodeSuspectMark(data, subject).soloRuns;
  } catch {
    return 0;
  }
}

/** A queued message's content; undefined if it cannot be read. */
function contentOf(stored: Pick<StoredJob, 'subject' | 'data'>): ReturnType<typeof decodeStored> | undefined {
  try {
    return decodeStored(stored);
  } catch {
    return undefined;
  }
}

/** The header of a task, if a stored message carries it. */
function headerOf(stored: Pick<StoredJob, 'subject' | 'data'>, address: TaskAddress): JobHeader | undefined {
  const content = contentOf(stored);
  if (content === undefined) return undefined;
  const header = 'batch' in content ? content : jobIn(content, content.rows.indexOf(address.row));
  return header.taskId === address.id ? header : undefined;
}
