/**
 * The streams and consumers. Each process looks whether they are as it wants them, and makes or updates the others. At a
 * broker with roles only an admin may do so. docs/protocol.md explains each; the comments here say why a setting is what
 * it is.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { DAY_MS, keptFor, WINDOW } from '../contract/actualsWindow.ts';
import { ConfigurationError } from '../contract/errors.ts';
import {
  AUDIT_PARTS,
  consumerName,
  LANES,
  type Lane,
  stepConsumerName,
  streams,
  subjects,
} from '../contract/subjects.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';
import { MAX_UNFINISHED_WORK, WORK_KEPT_MS } from '../contract/work.ts';
import type { Model } from '../models/models.ts';
import { stepPlacesOf } from '../models/stepPlaces.ts';
import type { Config } from '../process/config.ts';
import { readableBytes } from '../process/readableBytes.ts';
import { LEASE_MS } from './leases.ts';
import type { Rights } from './rights.ts';
import type { StreamApis } from './streamApis.ts';

export interface StreamLimits
  extends Pick<
    Config,
    | 'streamReplicas'
    | 'resultTtlS'
    | 'resultMaxCount'
    | 'resultMaxBytes'
    | 'queueMaxJobs'
    | 'queueMaxBytes'
    | 'blobsMaxBytes'
    | 'artifactsMaxBytes'
    | 'blobsNatsUrl'
  > {
  /** Whether this is the broker of `BLOBS_NATS_URL`, which holds nothing else. */
  readonly onlyBlobs?: boolean;
}

const MIB = 1024 * 1024;
/**
 * A job leaves its queue a moment after the end of its task, when the worker's acknowledgement has come. Gateways count
 * without it, so the queue takes so many jobs more.
 */
const ENDED_JOBS = 1_000;
const SUSPECTS_MAX_BYTES = 16 * MIB;
const ROLLOUTS_MAX_BYTES = 16 * MIB;
/** About 8,000 API keys, and the revocations of all: see `KeyStore`. */
export const KEYS_MAX_BYTES = 4 * MIB;
const KEY_USES_MAX_BYTES = MIB;
/** The space for further ends of tasks of 0.2, as a part of RESULT_MAX_BYTES. The stream grows when it is full. */
const FORMER_RESULTS_FREE = { share: 1 / 16, leastBytes: MIB, mostBytes: 16 * MIB };
/** The least part of RESULT_MAX_BYTES that ends get, however many results of 0.2 are stored. */
const LEAST_ENDS_SHARE = 1 / 4;
/** The size of the stream of probes, with which `/ready` checks that the broker stores messages. */
const PROBES_MAX_BYTES = 64 * 1024;
/** The number of rollouts of a model that are kept, for operators. */
const ROLLOUTS_KEPT = 16;
/** The sizes of dead letters and of actuals, as parts of RESULT_MAX_BYTES, so that they are small on a small disk. */
const DEAD_LETTERS = { share: 1 / 16, leastBytes: 16 * MIB, mostBytes: 256 * MIB };
const ACTUALS = { share: 1 / 8, leastBytes: 16 * MIB, mostBytes: 512 * MIB };
/** The sizes of the streams of work and of the registry: their records are small, so a small disk has few of them. */
const WORK = { share: 1 / 64, leastBytes: 4 * MIB, mostBytes: 64 * MIB };
const PROGRESS = { share: 1 / 256, leastBytes: 4 * MIB, mostBytes: 16 * MIB };
const RECORDS = { share: 1 / 32, leastBytes: 8 * MIB, mostBytes: 256 * MIB };
const MAX_LOG_MESSAGES = 2_000;
const MAX_RUNS = 20_000;
const LOGS_KEPT_DAYS = 14;
/** A day longer than the longest work. */
const STEPS_KEPT_DAYS = 8;
const AUDIT = { share: 1 / 128, leastBytes: 4 * MIB, mostBytes: 32 * MIB };
const AUDIT_KEPT_DAYS = 365;
/** The most bytes of an entry about a refusal. All refusals together get half of the stream, each part as much of it. */
const REFUSAL_BYTES = 1_024;
const STORAGE_EXCEEDED = [10_047, 10_023];
/** No leader, too many requests. */
const PASSING_STATUSES = [408, 429, 503];
/** Not the leader, the store of a stream could not be made, its leader is offline. */
const PASSING = [10_009, 10_049, 10_118];
const NAME_IN_USE = 10_058;
const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;
/** A consumer of this name is there, with other settings. */
const CONSUMER_EXISTS = 10_148;
const REPLICAS_NEED_A_CLUSTER = 10_074;
/** The end of a pause that lasts until an operator ends it: the broker wants one. */
export const PAUSED_UNTIL = new Date('2100-01-01T00:00:00Z');

/** Thrown if streams or consumers are missing that this process may not make. */
export class NotProvisioned extends Error {
  constructor(missing: readonly string[]) {
    super(
      `the broker does not have ${missing.join(', ')}, and only an admin may make them: run npm run broker -- provision`,
    );
  }
}

/** What a process wants of the broker, and may do there. */
export interface Provision {
  readonly apis: StreamApis;
  readonly limits: StreamLimits;
  readonly rights: Pick<Rights, 'mayMakeStreams'>;
}

/**
 * @returns the streams and consumers that have other settings, and that this process may not change.
 * @throws {ConfigurationError} if the streams do not fit into the broker's store.
 * @throws {NotProvisioned} if some are missing that this process may not make.
 */
export async function ensureStreams(
  provision: Provision,
  models: readonly Model[],
): Promise<readonly string[]> {
  const { apis, limits, rights } = provision;
  const configs = streamConfigs(models, limits, await fitFormerResults(provision));
  const present = await Promise.all(configs.map(({ name }) => streamThere(apis.of(name), name)));
  const outdated = configs.filter((config, i) => !isAs(config, present[i]?.config));
  if (rights.mayMakeStreams) await makeStreams(apis, configs, outdated);
  const missing = configs.filter((_, i) => present[i] === undefined);
  if (!rights.mayMakeStreams && missing.length > 0) throw new NotProvisioned(missing.map(({ name }) => name));
  const consumers = await Promise.all(
    models.flatMap(({ manifest: { name }, versions }) =>
      versions.map(({ version }) => ensureConsumers(provision, name, version)),
    ),
  );
  const steps = await ensureEachConsumer(provision, streams.work, stepConsumers(models, limits));
  const left = rights.mayMakeStreams ? [] : outdated.map(({ name }) => name);
  return [...left, ...consumers.flat(), ...steps];
}

/**
 * Makes sure that the consumers of a version exist, one for each lane.
 *
 * @returns those with other settings that this process may not change, as stream/name.
 * @throws {NotProvisioned} if some are missing that this process may not make.
 */
export function ensureConsumers(
  provision: Provision,
  model: string,
  version: string,
): Promise<readonly string[]> {
  const configs = LANES.map((lane) => laneConsumer(model, version, lane, provision.limits));
  return ensureEachConsumer(provision, streams.jobs(model), configs);
}

async function ensureEachConsumer(
  { apis, rights }: Provision,
  stream: string,
  configs: readonly TidingsConsumer[],
): Promise<readonly string[]> {
  const jsm = apis.of(stream);
  const present = await Promise.all(
    configs.map(({ durable_name }) =>
      unlessMissing(CONSUMER_NOT_FOUND, jsm.consumers.info(stream, durable_name)),
    ),
  );
  const nameOf = (config: TidingsConsumer) => `${stream}/${config.durable_name}`;
  const missing = configs.filter((_, i) => present[i] === undefined);
  const outdated = configs.filter((config, i) => present[i] && !isAs(config, present[i].config));
  if (!rights.mayMakeStreams) {
    if (missing.length > 0) throw new NotProvisioned(missing.map(nameOf));
    return outdated.map(nameOf);
  }
  if (missing.length > 0) {
    const pause = await pauseOf(jsm, stream);
    for (const config of missing) await addConsumer(jsm, stream, { ...config, ...pause });
  }
  for (const config of outdated) await jsm.consumers.update(stream, config.durable_name, config);
  return [];
}

/** A new consumer of a paused model is paused as the others. (The broker leaves the pause of one that is updated.) */
async function pauseOf(
  jsm: JetStreamManager,
  stream: string,
): Promise<Pick<Partial<ConsumerConfig>, 'pause_until'>> {
  const others = await Array.fromAsync(jsm.consumers.list(stream));
  return others.some(({ paused }) => paused === true) ? { pause_until: PAUSED_UNTIL.toISOString() } : {};
}

/** Deletes the consumers of a version that no job waits for, where this process may. */
export async function dropConsumers(
  { apis, rights }: Provision,
  model: string,
  version: string,
): Promise<void> {
  if (!rights.mayMakeStreams) return;
  const stream = streams.jobs(model);
  const jsm = apis.of(stream);
  for (const name of LANES.map((lane) => consumerName(version, lane))) {
    const there = await unlessMissing(CONSUMER_NOT_FOUND, jsm.consumers.info(stream, name));
    if (there === undefined || there.num_pending + there.num_ack_pending > 0) continue;
    await unlessMissing(CONSUMER_NOT_FOUND, jsm.consumers.delete(stream, name));
  }
}

async function addConsumer(jsm: JetStreamManager, stream: string, config: TidingsConsumer): Promise<void> {
  try {
    await jsm.consumers.add(stream, config);
  } catch (error) {
    // Another process with other settings was first.
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_EXISTS)) throw error;
    await jsm.consumers.update(stream, config.durable_name, config);
  }
}

/** Whether something has the settings that are wanted. nats-server adds those that are left out. */
function isAs(wanted: object, present: object | undefined): boolean {
  return present !== undefined && isDeepStrictEqual({ ...present, ...wanted }, { ...present });
}

function streamThere(jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  return unlessMissing(STREAM_NOT_FOUND, jsm.streams.info(name));
}

/** @returns undefined if the answer is that there is none. */
async function unlessMissing<T>(code: number, asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code) return undefined;
    throw error;
  }
}

/** Whether the broker has the stream in which 0.2 stored the ends of tasks. */
export async function hasFormerResults(jsm: JetStreamManager): Promise<boolean> {
  return (await streamThere(jsm, streams.results)) !== undefined;
}

/**
 * Makes room for one more end of a task of 0.2: makes the stream in which 0.2 stored them, or lets it grow. Nothing
 * happens if the broker's store is full.
 *
 * @throws {Error} if this process may not do so. An admin lets the stream grow in time, unless it is gone.
 */
export async function ensureFormerResults({ apis, limits, rights }: Provision): Promise<void> {
  if (!rights.mayMakeStreams)
    throw new Error(`the stream ${streams.results} of 0.2 is full or gone, and only an admin may mend that`);
  const jsm = apis.of(streams.results);
  const former = await streamThere(jsm, streams.results);
  if (former !== undefined) {
    await updateStream(jsm, { name: streams.results, max_bytes: neededBytes(former, limits) });
    return;
  }
  await ensureStream(jsm, {
    name: streams.results,
    storage: StorageType.File,
    num_replicas: limits.streamReplicas,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    subjects: [subjects.allResults],
    max_age: nanos(limits.resultTtlS * 1000),
    max_bytes: partOf(limits, FORMER_RESULTS_FREE),
    republish: { src: subjects.allResults, dest: subjects.republishedResults },
    allow_direct: true,
  });
}

/**
 * Gives ends the space that the results of 0.2 have left free, and those what they need.
 *
 * @returns whether it is to be called again.
 */
export async function shareResultBytes(provision: Provision): Promise<boolean> {
  const { apis, limits, rights } = provision;
  if (!rights.mayMakeStreams) return false;
  const formerBytes = await fitFormerResults(provision);
  if (formerBytes === 0) return false;
  const wanted = endsMaxBytes(limits, formerBytes);
  const jsm = apis.of(streams.ends);
  const { config } = await jsm.streams.info(streams.ends);
  if (config.max_bytes !== wanted) await jsm.streams.update(streams.ends, { max_bytes: wanted });
  return true;
}

/**
 * 0.2 reserved RESULT_MAX_BYTES for its stream of results. Ends take their space from it, so that both streams fit where
 * one did. It is never deleted here: a worker could be storing the end of a task of 0.2 just then.
 *
 * @returns the bytes that the stream reserves now; 0 if the broker does not have it.
 */
async function fitFormerResults({ apis, limits, rights }: Provision): Promise<number> {
  const jsm = apis.of(streams.results);
  const former = await streamThere(jsm, streams.results);
  if (former === undefined) return 0;
  const { max_bytes } = former.config;
  const needed = neededBytes(former, limits);
  // While it has half of its free space left, it need not grow.
  const fits = needed >= max_bytes && needed - max_bytes < partOf(limits, FORMER_RESULTS_FREE) / 2;
  if (fits || !rights.mayMakeStreams) return max_bytes;
  await jsm.streams.update(streams.results, { max_bytes: needed });
  return needed;
}

function neededBytes({ state }: StreamInfo, limits: StreamLimits): number {
  return state.bytes + partOf(limits, FORMER_RESULTS_FREE);
}

export interface ConsumedVersion {
  readonly model: string;
  readonly version: string;
}

export interface ConsumedLane extends ConsumedVersion {
  readonly lane: Lane;
}

/** @returns the names of our streams that the broker does not have. */
export async function missingStreams(
  { apis, limits }: Pick<Provision, 'apis' | 'limits'>,
  models: readonly Model[],
): Promise<readonly string[]> {
  const names = await Promise.all(apis.all.map((jsm) => Array.fromAsync(jsm.streams.names())));
  const present = new Set(names.flat());
  return streamConfigs(models, limits).flatMap(({ name }) => (present.has(name) ? [] : name));
}

/** @returns the missing consumers, as stream/name, of versions that exist or whose jobs are taken. */
export async function missingConsumers(
  { apis }: Pick<Provision, 'apis'>,
  models: readonly Model[],
  taken: readonly ConsumedVersion[],
): Promise<readonly string[]> {
  const presentIn = async (stream: string) =>
    new Set((await Array.fromAsync(apis.of(stream).consumers.list(stream))).map(({ name }) => name));
  const places = stepPlacesOf(models);
  const presentSteps = places.length === 0 ? new Set<string>() : await presentIn(streams.work);
  const missingSteps = places
    .map(({ step, trainerClass }) => stepConsumerName(step, trainerClass))
    .flatMap((name) => (presentSteps.has(name) ? [] : `${streams.work}/${name}`));
  const missing = await Promise.all(
    models.map(async ({ manifest: { name: model }, versions }) => {
      const stream = streams.jobs(model);
      const present = await presentIn(stream);
      const needed = new Set([...versions, ...taken.filter((served) => served.model === model)]);
      return [...new Set([...needed].map(({ version }) => version))].flatMap((version) =>
        LANES.map((lane) => consumerName(version, lane)).flatMap((name) =>
          present.has(name) ? [] : `${stream}/${name}`,
        ),
      );
    }),
  );
  return [...missingSteps, ...missing.flat()];
}

/** Whether a broker may answer later: at present it has no leader, no disk or no permission for us. */
export function isPassing(error: unknown): boolean {
  if (error instanceof JetStreamApiError)
    return PASSING_STATUSES.includes(error.status) || PASSING.includes(error.code);
  return !(error instanceof ConfigurationError);
}

function endsMaxBytes({ resultMaxBytes }: StreamLimits, formerBytes: number): number {
  return Math.max(Math.floor(resultMaxBytes * LEAST_ENDS_SHARE), resultMaxBytes - formerBytes);
}

/** The results of chunks may take half as much as results. */
function chunksMaxBytes({ resultMaxBytes }: Pick<StreamLimits, 'resultMaxBytes'>): number {
  return Math.floor(resultMaxBytes / 2);
}

function partOf({ resultMaxBytes }: StreamLimits, { share, leastBytes, mostBytes }: typeof ACTUALS): number {
  return Math.min(mostBytes, Math.max(leastBytes, Math.floor(resultMaxBytes * share)));
}

/** The bytes that each stream reserves on the broker's disk, by name. */
export type StreamSizes = ReadonlyMap<string, number>;

export function streamSizes(models: readonly Model[], limits: StreamLimits): StreamSizes {
  return new Map(streamConfigs(models, limits).map(({ name, max_bytes }) => [name, max_bytes]));
}

type TidingsConsumer = Partial<ConsumerConfig> & { readonly durable_name: string };
type TidingsStream = Partial<StreamConfig> & { readonly name: string; readonly max_bytes: number };

/** How long a message of a blob is kept: as long as the result of the longest task that names it. */
export function blobsKeptMs({ resultTtlS }: Pick<StreamLimits, 'resultTtlS'>): number {
  return resultTtlS * 1000 + MAX_TIMEOUT_MS;
}

/** @param formerBytes the part of RESULT_MAX_BYTES that the results of 0.2 have. */
function streamConfigs(
  models: readonly Model[],
  limits: StreamLimits,
  formerBytes = 0,
): readonly TidingsStream[] {
  const common = {
    storage: StorageType.File,
    num_replicas: limits.streamReplicas,
    // A full stream refuses new messages. So an accepted job is never pushed out.
    discard: DiscardPolicy.New,
  };
  const blobs = {
    ...common,
    name: streams.blobs,
    subjects: [subjects.allBlobs],
    // The same content again begins its life anew.
    max_msgs_per_subject: 1,
    max_age: nanos(blobsKeptMs(limits)),
    max_bytes: limits.blobsMaxBytes,
  };
  const writeOnce = { ...common, max_msgs_per_subject: 1, discard_new_per_subject: true };
  const artifacts = {
    ...writeOnce,
    name: streams.artifacts,
    subjects: [subjects.allArtifacts],
    // No age: records name them for as long as there are records.
    max_bytes: limits.artifactsMaxBytes,
  };
  if (limits.onlyBlobs === true) return [blobs, artifacts, probeStream(limits)];
  const jobs = models.map(({ manifest: { name } }) => ({
    ...common,
    name: streams.jobs(name),
    subjects: [subjects.allJobs(name), subjects.allChunkJobs(name)],
    retention: RetentionPolicy.Workqueue,
    max_msgs: limits.queueMaxJobs + ENDED_JOBS,
    max_bytes: limits.queueMaxBytes,
  }));
  return [
    ...jobs,
    {
      ...common,
      name: streams.ends,
      subjects: [subjects.allEnds],
      // A longer list of ends replaces the one before. Writers say which one they have read.
      max_msgs_per_subject: 1,
      max_age: nanos(limits.resultTtlS * 1000),
      max_msgs: limits.resultMaxCount,
      max_bytes: endsMaxBytes(limits, formerBytes),
      // Gateways listen to the republish only: a plain subscription would also get ends that the stream refused.
      republish: { src: subjects.allEnds, dest: subjects.republishedEnds },
      allow_direct: true,
    },
    {
      ...writeOnce,
      name: streams.requests,
      subjects: [subjects.allRequests],
      // Written at submission, while the result's life starts at the end: a record must outlive the result.
      max_age: nanos(limits.resultTtlS * 1000 + MAX_TIMEOUT_MS),
      max_msgs: limits.resultMaxCount,
      max_bytes: Math.floor(limits.resultMaxBytes / 4),
    },
    {
      ...writeOnce,
      name: streams.chunks,
      subjects: [subjects.allChunks],
      // Written before the end of their row batch, and kept as long as that.
      max_age: nanos(limits.resultTtlS * 1000 + MAX_TIMEOUT_MS),
      max_bytes: chunksMaxBytes(limits),
      allow_direct: true,
    },
    {
      ...writeOnce,
      name: streams.dead,
      subjects: [subjects.allDead],
      republish: { src: subjects.allDead, dest: subjects.republishedDead },
      max_bytes: partOf(limits, DEAD_LETTERS),
    },
    {
      ...common,
      name: streams.suspects,
      subjects: [subjects.allSuspects, subjects.allSuspectRows],
      // The newest mark counts, for as long as its task can live.
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: 1,
      max_age: nanos(MAX_TIMEOUT_MS),
      max_bytes: SUSPECTS_MAX_BYTES,
    },
    {
      ...common,
      name: streams.rollouts,
      subjects: [subjects.allRollouts],
      republish: { src: subjects.rollout('*'), dest: subjects.republishedRollouts },
      max_msgs_per_subject: ROLLOUTS_KEPT,
      max_bytes: ROLLOUTS_MAX_BYTES,
      // The settings of a KV bucket, beside its name and its subjects.
      allow_rollup_hdrs: true,
      deny_delete: true,
      allow_direct: true,
    },
    {
      ...common,
      name: streams.actuals,
      subjects: [subjects.allActuals],
      // Old actuals go when the stream is full. The expected sequence keeps a subject write-once: with the discard
      // policy "old" alone, the stream would replace the first message instead of refusing the second.
      discard: DiscardPolicy.Old,
      max_age: nanos(keptFor(WINDOW).days * DAY_MS),
      max_msgs: keptFor(WINDOW).count,
      max_bytes: partOf(limits, ACTUALS),
      allow_direct: true,
    },
    {
      ...common,
      name: streams.keys,
      subjects: [subjects.allKeys],
      // The expected sequence keeps its messages write-once.
      max_msgs_per_subject: 1,
      max_bytes: KEYS_MAX_BYTES,
    },
    {
      ...common,
      name: streams.keyUses,
      subjects: [subjects.allKeyUses],
      // The newest use of a key replaces the one before. Old ones only tell that a key is hardly used.
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: 1,
      max_bytes: KEY_USES_MAX_BYTES,
    },
    {
      ...common,
      name: streams.audit,
      subjects: [subjects.allAudit],
      // A full stream must not keep operators from being recorded. So the oldest entries go.
      discard: DiscardPolicy.Old,
      max_age: nanos(AUDIT_KEPT_DAYS * DAY_MS),
      max_bytes: partOf(limits, AUDIT),
      max_msgs_per_subject: Math.floor(partOf(limits, AUDIT) / 2 / AUDIT_PARTS.length / REFUSAL_BYTES),
      // Only the broker's own limits remove entries.
      deny_delete: true,
      deny_purge: true,
      allow_direct: true,
    },
    ...workStreams(limits, common),
    ...(limits.blobsNatsUrl === undefined ? [blobs, artifacts] : []),
    probeStream(limits),
  ];
}

/** The streams of work, of datasets and of the registry. */
function workStreams(
  limits: StreamLimits,
  common: Pick<StreamConfig, 'storage' | 'num_replicas' | 'discard'>,
): readonly TidingsStream[] {
  const writeOnce = { ...common, max_msgs_per_subject: 1, discard_new_per_subject: true };
  return [
    {
      ...writeOnce,
      name: streams.work,
      subjects: [subjects.allWork, subjects.allStepJobs],
      retention: RetentionPolicy.Workqueue,
      // Each work has its own job and that of one step.
      max_msgs: 2 * MAX_UNFINISHED_WORK,
      max_bytes: partOf(limits, WORK),
    },
    {
      ...writeOnce,
      name: streams.steps,
      subjects: [subjects.allSteps],
      max_age: nanos(STEPS_KEPT_DAYS * DAY_MS),
      max_bytes: partOf(limits, WORK),
    },
    {
      ...common,
      name: streams.runs,
      subjects: [subjects.allRuns],
      // Old ends go when the stream is full. The expected sequence keeps a subject write-once, as in ACTUALS.
      discard: DiscardPolicy.Old,
      max_age: nanos(WORK_KEPT_MS),
      max_msgs: MAX_RUNS,
      max_bytes: partOf(limits, RECORDS),
      republish: { src: subjects.allRuns, dest: subjects.republishedRuns },
    },
    {
      ...common,
      name: streams.progress,
      subjects: [subjects.allProgress],
      // The newest progress counts.
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: 1,
      max_age: nanos(STEPS_KEPT_DAYS * DAY_MS),
      max_bytes: partOf(limits, PROGRESS),
    },
    {
      ...common,
      name: streams.logs,
      subjects: [subjects.allLogs],
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: MAX_LOG_MESSAGES,
      max_age: nanos(LOGS_KEPT_DAYS * DAY_MS),
      max_bytes: partOf(limits, RECORDS),
      republish: { src: subjects.allLogs, dest: subjects.republishedLogs },
    },
    {
      ...common,
      name: streams.datasets,
      subjects: [subjects.allDatasets],
      // The newest check of a dataset counts.
      max_msgs_per_subject: 1,
      max_bytes: partOf(limits, RECORDS),
      allow_direct: true,
    },
    {
      ...writeOnce,
      name: streams.versions,
      subjects: [subjects.allVersions],
      max_bytes: partOf(limits, RECORDS),
      republish: { src: subjects.allVersions, dest: subjects.republishedVersions },
    },
  ];
}

/** Holds the newest probe. See `WriteCheck`. */
export function probeStream({ streamReplicas }: Pick<StreamLimits, 'streamReplicas'>): TidingsStream {
  return {
    name: streams.probe,
    subjects: [subjects.probe],
    storage: StorageType.File,
    num_replicas: streamReplicas,
    discard: DiscardPolicy.Old,
    max_msgs: 1,
    max_bytes: PROBES_MAX_BYTES,
  };
}

/** @param configs of all streams. @param wanted those that are missing or outdated. */
async function makeStreams(
  apis: StreamApis,
  configs: readonly TidingsStream[],
  wanted: readonly TidingsStream[],
): Promise<void> {
  const refused = await ensureEach(apis, wanted);
  // A stream that shrinks frees space for one that grows, in any order.
  const stillRefused = refused.length === 0 ? refused : await ensureEach(apis, refused);
  if (stillRefused.length > 0) throw new ConfigurationError(await storeTooSmall(apis, configs, stillRefused));
}

/** @returns the streams that do not fit into the broker's store. */
async function ensureEach(
  apis: StreamApis,
  configs: readonly TidingsStream[],
): Promise<readonly TidingsStream[]> {
  const refused: TidingsStream[] = [];
  for (const config of configs) if (!(await ensureStream(apis.of(config.name), config))) refused.push(config);
  return refused;
}

/** @returns whether the broker has the stream now. If not, it does not fit. */
async function ensureStream(jsm: JetStreamManager, config: TidingsStream): Promise<boolean> {
  try {
    await jsm.streams.add(config);
    return true;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    if (error.code === REPLICAS_NEED_A_CLUSTER) {
      const problem = `STREAM_REPLICAS must be 1 with a single nats-server, got ${config.num_replicas}`;
      throw new ConfigurationError(problem, { cause: error });
    }
    // nats-server checks the space before the name. So it may refuse a stream that it already has.
    if (error.code !== NAME_IN_USE && !STORAGE_EXCEEDED.includes(error.code)) throw error;
    return updateStream(jsm, config);
  }
}

/** @returns whether the broker has the stream, with enough space for it. */
async function updateStream(jsm: JetStreamManager, config: TidingsStream): Promise<boolean> {
  try {
    await jsm.streams.update(config.name, config);
    return true;
  } catch (error) {
    const hasNoRoom =
      error instanceof JetStreamApiError && [...STORAGE_EXCEEDED, STREAM_NOT_FOUND].includes(error.code);
    if (!hasNoRoom) throw error;
    return false;
  }
}

/** Clients can read the limit of an account, but not nats-server's `max_file_store`, which all accounts share. */
async function storeTooSmall(
  apis: StreamApis,
  configs: readonly TidingsStream[],
  refused: readonly TidingsStream[],
): Promise<string> {
  const accounts = await Promise.all(apis.all.map((jsm) => jsm.getAccountInfo()));
  const present = (await Promise.all(apis.all.map((jsm) => Array.fromAsync(jsm.streams.list())))).flat();
  const storage = accounts.reduce((bytes, account) => bytes + account.storage, 0);
  const mostBytes = Math.max(...accounts.map(({ limits }) => limits.max_storage));
  const ours = new Set(configs.map(({ name }) => name));
  const reserved = present.map(({ config: { name, max_bytes } }) => ({
    name,
    max_bytes: Math.max(0, max_bytes),
  }));
  const others = reserved.filter(({ name }) => !ours.has(name));
  // Rounded up: with less, one stream would be left out.
  const atLeast = `${Math.ceil(bytesOf([...configs, ...others]) / MIB)} MiB`;
  const beside =
    others.length === 0
      ? ''
      : `, beside ${readableBytes(bytesOf(others))} of other streams (${namesOf(others)})`;
  const advice =
    mostBytes > 0
      ? `the account may reserve ${readableBytes(mostBytes)}: let it reserve at least ${atLeast}`
      : `set max_file_store of nats-server to at least ${atLeast}`;
  return (
    `the broker's JetStream store must have room for ${readableBytes(bytesOf(configs))} (${sizesOf(configs)})${beside}; ` +
    `${readableBytes(bytesOf(reserved))} are reserved by streams that are there, of which ${readableBytes(storage)} are used, ` +
    `and there is no room for ${sizesOf(refused)}: ${advice}, or lower RESULT_MAX_BYTES, QUEUE_MAX_BYTES, BLOBS_MAX_BYTES or ARTIFACTS_MAX_BYTES`
  );
}

type StreamSize = Pick<TidingsStream, 'name' | 'max_bytes'>;

function bytesOf(streams: readonly StreamSize[]): number {
  return streams.reduce((bytes, { max_bytes }) => bytes + max_bytes, 0);
}

function sizesOf(streams: readonly StreamSize[]): string {
  return streams.map(({ name, max_bytes }) => `${name} ${readableBytes(max_bytes)}`).join(' + ');
}

function namesOf(streams: readonly StreamSize[]): string {
  return streams.map(({ name }) => name).join(', ');
}

function laneConsumer(
  model: string,
  version: string,
  lane: Lane,
  limits: Pick<StreamLimits, 'streamReplicas'>,
): TidingsConsumer {
  return consumerConfig(consumerName(version, lane), subjects.laneJobs(model, version, lane), limits);
}

/** The consumers of steps, of which each takes one step for trainers of one class. */
function stepConsumers(
  models: readonly Model[],
  limits: Pick<StreamLimits, 'streamReplicas'>,
): readonly TidingsConsumer[] {
  return stepPlacesOf(models).map(({ step, trainerClass }) =>
    consumerConfig(stepConsumerName(step, trainerClass), subjects.stepJobs(step, trainerClass), limits),
  );
}

function consumerConfig(
  name: string,
  filter: string,
  { streamReplicas }: Pick<StreamLimits, 'streamReplicas'>,
): TidingsConsumer {
  return {
    durable_name: name,
    filter_subject: filter,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(LEASE_MS),
    // Workers and trainers limit the attempts themselves. The broker's count of deliveries says nothing about a job.
    max_ack_pending: -1,
    max_deliver: -1,
    num_replicas: streamReplicas,
  };
}
