/**
 * The subjects of messages, the streams that store them and the consumers that take jobs. docs/protocol.md lists them.
 */
import { type Owner, ownerToken } from './owner.ts';
import { type BundleAddress, bundleParts, openedSlot, parseTaskId, type TaskAddress } from './taskId.ts';
import type { StepName } from './work.ts';
import type { WorkAddress } from './workId.ts';

/** The queues of a version. `workers/versionLanes.ts` tells the share of the session that each has. */
export const Lane = { Interactive: 'interactive', Bulk: 'bulk', Batch: 'batch' } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

export const LANES: readonly Lane[] = Object.values(Lane);

/** Names a task and the version that predicts for it. */
interface TaskOfVersion {
  readonly taskId: string;
  readonly model: string;
  readonly version: string;
}

/** Where a bundle waits. */
interface QueuePlace {
  readonly address: BundleAddress;
  readonly version: string;
  readonly lane: Lane;
}

/** A task, or a row of a batch. */
interface SuspectPlace {
  readonly taskId: string;
  readonly place?: { readonly chunk: number; readonly row: number } | undefined;
}

export const streams = {
  jobs: (model: string) => `JOBS_${model}`,
  ends: 'ENDS',
  /** The ends of tasks of 0.2. A broker that never saw 0.2 does not have it. */
  results: 'RESULTS',
  requests: 'REQUESTS',
  dead: 'DEAD',
  chunks: 'CHUNKS',
  suspects: 'SUSPECTS',
  /** The name that makes it the KV bucket ROLLOUTS. */
  rollouts: 'KV_ROLLOUTS',
  actuals: 'ACTUALS',
  keys: 'KEYS',
  keyUses: 'KEYUSES',
  audit: 'AUDIT',
  blobs: 'BLOBS',
  artifacts: 'ARTIFACTS',
  work: 'WORK',
  steps: 'STEPS',
  runs: 'RUNS',
  progress: 'PROGRESS',
  logs: 'LOGS',
  datasets: 'DATASETS',
  versions: 'VERSIONS',
  /** Holds the newest probe, and nothing else. */
  probe: 'WRITE_PROBE',
} as const;

/** @param subject of a message that is stored. */
export function streamOf(subject: string): string {
  const [kind = '', model = ''] = subject.split('.');
  if (kind === 'jobs') return streams.jobs(model);
  return kind === '$KV' ? streams.rollouts : kind.toUpperCase();
}

/** Whether it is one of our streams, and not that of probes. */
export function holdsTasks(stream: string): boolean {
  const isQueue = stream.startsWith(streams.jobs(''));
  return isQueue || (stream !== streams.probe && Object.values<unknown>(streams).includes(stream));
}

/** @param stream a queue. */
export function modelOfQueue(stream: string): string {
  return stream.slice(streams.jobs('').length);
}

export const consumerName = (version: string, lane: Lane) => `v${version}_${lane}`;

/** @returns undefined for a consumer that no process of ours has made. */
export function laneOfConsumer(name: string): { readonly version: string; readonly lane: Lane } | undefined {
  const [, version, laneName] = /^v([^_]+)_(.+)$/.exec(name) ?? [];
  const lane = LANES.find((known) => known === laneName);
  return version === undefined || lane === undefined ? undefined : { version, lane };
}

export const subjects = {
  allJobs: (model: string) => `jobs.${model}.*.*.*.*`,
  allChunkJobs: (model: string) => `jobs.${model}.*.${Lane.Batch}.*.*.*`,
  allQueues: 'jobs.>',
  /** All that waits for a model. */
  queue: (model: string) => `jobs.${model}.>`,
  /** The jobs of a version that are tasks, whatever their lane. */
  versionJobs: (model: string, version: string) => `jobs.${model}.${version}.*.*.*`,
  /**
   * The jobs that workers take from a lane; of batches these are the chunks. `>` also matches a subject that holds a
   * wildcard, which is no job. `*` does not match it, so it would stay in the queue.
   */
  laneJobs: (model: string, version: string, lane: Lane) =>
    `jobs.${model}.${version}.${lane}.${lane === Lane.Batch ? '*.*.*' : '>'}`,
  /** Jobs and chunks whose deadline lies in one second, whatever version and lane. */
  jobsDueIn: (model: string, second: number) => `jobs.${model}.*.*.${second}.>`,
  /** A bundle, or the job of a row batch. */
  job: ({ address: { model, deadlineSecond, bundle }, version, lane }: QueuePlace) =>
    `jobs.${model}.${version}.${lane}.${deadlineSecond}.${bundle}`,
  chunkJob: (address: BundleAddress, version: string, chunk: number) =>
    `${subjects.job({ address, version, lane: Lane.Batch })}.${chunk}`,
  chunkJobsOf: ({ bundle, model, deadlineSecond }: BundleAddress) =>
    `jobs.${model}.*.${Lane.Batch}.${deadlineSecond}.${bundle}.*`,
  /** Finds a bundle, or the job of a row batch, without knowing its version and lane. */
  jobOf: ({ bundle, model, deadlineSecond }: BundleAddress) =>
    `jobs.${model}.*.*.${deadlineSecond}.${bundle}`,

  probe: 'probe.write',
  /** A subject of a stream that no process reads. It cannot be that of a home or a model: those have no capitals. */
  probeOf: (stream: string, id: string) => {
    if (stream === streams.rollouts) return '$KV.ROLLOUTS.PROBE';
    if (stream === streams.actuals) return `actuals.PROBE.0.${id}`;
    if (stream === streams.ends) return `ends.PROBE.0.PROBE.${id}`;
    if (stream === streams.blobs) return `blobs.PROBE.${id}.0`;
    if (stream === streams.work) return `work.PROBE.9999999999.${id}`;
    if (stream === streams.versions) return `versions.PROBE.${id}.retired`;
    if (ONE_TOKEN.has(stream)) return `${stream.toLowerCase()}.${id}`;
    if (stream.startsWith(streams.jobs(''))) return `jobs.${stream.slice(5)}.0.PROBE.9999999999.${id}`;
    return `${stream.toLowerCase()}.PROBE.${id}`;
  },

  allEnds: 'ends.*.*.*.*',
  /** @param owner undefined: a filter that finds the ends of a bundle of any owner. */
  ends: (address: BundleAddress, owner: Owner | undefined) =>
    `ends.${tokenOf(owner)}.${openedSlot(address)}.${address.home}.${address.bundle}`,
  /** The ends of the bundles of an owner, or of all owners, that were opened in a slot. */
  endsOpenedIn: (slot: number, owner: Owner | undefined) => `ends.${tokenOf(owner)}.${slot}.*.*`,
  /** Where the stream of ends republishes what it has stored: the only live feed of ends. */
  republishedEnds: 'ended.{{wildcard(3)}}.{{wildcard(4)}}',
  endedOf: (home: string) => `ended.${home}.*`,
  ended: ({ home, bundle }: BundleAddress) => `ended.${home}.${bundle}`,

  // The ends of tasks of 0.2.
  allResults: 'results.*.*',
  result: ({ id, home }: TaskAddress) => `results.${home}.${id}`,
  republishedResults: 'final.{{wildcard(1)}}.{{wildcard(2)}}',
  allFinal: 'final.*.*',
  final: ({ id, home }: TaskAddress) => `final.${home}.${id}`,

  allRequests: 'requests.*',
  request: (hash: string) => `requests.${hash}`,

  allDead: 'dead.*.*',
  dead: (model: string, taskId: string) => `dead.${model}.${taskId}`,
  deadOf: (model: string) => `dead.${model}.*`,
  /** Where the stream of dead letters republishes what it has stored. */
  republishedDead: 'died.{{wildcard(1)}}.{{wildcard(2)}}',
  diedOf: (model: string) => `died.${model}.*`,

  allChunks: 'chunks.*.*',
  chunk: (taskId: string, chunk: number) => `chunks.${taskId}.${chunk}`,
  chunksOf: (taskId: string) => `chunks.${taskId}.*`,

  allSuspects: 'suspects.*',
  allSuspectRows: 'suspects.*.*.*',
  suspect: ({ taskId, place }: SuspectPlace) =>
    place === undefined ? `suspects.${taskId}` : `suspects.${taskId}.${place.chunk}.${place.row}`,
  suspectRows: (taskId: string, chunk: number) => `suspects.${taskId}.${chunk}.*`,

  allRollouts: '$KV.ROLLOUTS.>',
  rollout: (model: string) => `$KV.ROLLOUTS.${model}`,
  /** Where the bucket of rollouts republishes what it has stored. */
  republishedRollouts: 'rollout.{{wildcard(1)}}',
  rolloutChanges: 'rollout.*',

  allActuals: 'actuals.*.*.*',
  actual: ({ model, version, taskId }: TaskOfVersion) => `actuals.${model}.${version}.${taskId}`,
  /** Finds the actual of a task without knowing its version. */
  actualOf: ({ id, model }: TaskAddress) => `actuals.${model}.*.${id}`,

  allKeys: 'keys.*.*',
  key: (id: string, part: KeyPart) => `keys.${id}.${part}`,
  allKeyUses: 'keyuses.*',
  keyUse: (id: string) => `keyuses.${id}`,
  allAudit: 'audit.*.*',
  /** @param part one of `AUDIT_PARTS`, or a wildcard. */
  auditActions: (part: string) => `audit.actions.${part}`,
  auditRefusals: (part: string) => `audit.refusals.${part}`,

  allBlobs: 'blobs.*.*.*',
  /** @param digest of the blob's content: hex SHA-256. */
  blobChunk: (owner: Owner, digest: string, chunk: number) => `blobs.${ownerToken(owner)}.${digest}.${chunk}`,
  blobEnd: (owner: Owner, digest: string) => `blobs.${ownerToken(owner)}.${digest}.end`,

  allArtifacts: 'artifacts.*.*',
  /** The chunks and the end of an artifact. @param digest of its content: hex SHA-256. */
  artifactParts: (digest: string) => `artifacts.${digest}.*`,
  artifactChunk: (digest: string, chunk: number) => `artifacts.${digest}.${chunk}`,
  artifactEnd: (digest: string) => `artifacts.${digest}.end`,
  artifactRenewed: (digest: string) => `artifacts.${digest}.renewed`,
  allWork: 'work.*.*.*',
  allStepJobs: 'work.*.*.*.*.*',
  /** Stands for work until its end is stored. */
  work: ({ model, deadlineSecond, id }: WorkAddress) => `work.${model}.${deadlineSecond}.${id}`,
  stepJob: (address: WorkAddress, step: StepName, trainerClass: string) =>
    `${subjects.work(address)}.${step}.${trainerClass}`,
  /** The jobs of the steps of a task, whichever steps. */
  stepJobsOf: (address: WorkAddress) => `${subjects.work(address)}.*.*`,
  /** What trainers of a class take. */
  stepJobs: (step: StepName, trainerClass: string) => `work.*.*.*.${step}.${trainerClass}`,
  allSteps: 'steps.*.*',
  step: (taskId: string, step: StepName) => `steps.${taskId}.${step}`,
  stepsOf: (taskId: string) => `steps.${taskId}.*`,
  /** The request records of work: they live as long as what came of its steps. */
  allWorkRequests: 'steps.*.request',
  workRequest: (hash: string) => `steps.${hash}.request`,
  allRuns: 'runs.*.*',
  run: ({ model, id }: Pick<WorkAddress, 'model' | 'id'>) => `runs.${model}.${id}`,
  runsOf: (model: string | undefined) => `runs.${model ?? '*'}.*`,
  /** Where the stream of ends of work republishes what it has stored. */
  republishedRuns: 'ran.{{wildcard(2)}}',
  ran: (taskId: string) => `ran.${taskId}`,
  allProgress: 'progress.*',
  progress: (taskId: string) => `progress.${taskId}`,
  /** Each progress of work, also what is not stored: for the gateways where it is watched. */
  working: (taskId: string) => `working.${taskId}`,
  allLogs: 'logs.*',
  logs: (taskId: string) => `logs.${taskId}`,
  republishedLogs: 'logged.{{wildcard(1)}}',
  logged: (taskId: string) => `logged.${taskId}`,
  allDatasets: 'datasets.*.*',
  dataset: (name: string, digest: string) => `datasets.${name}.${digest}`,
  datasetsOf: (name: string | undefined) => `datasets.${name ?? '*'}.*`,
  allVersions: 'versions.*.*.*',
  /** @param part whether it is the record of a version, or says that it is retired. */
  version: (model: string, version: string, part: VersionPart) => `versions.${model}.${version}.${part}`,
  versionsOf: (model: string) => `versions.${model}.*.*`,
  /** Where the registry republishes what it has stored. */
  republishedVersions: 'version.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}',
  versionChanges: 'version.*.*.*',

  shadowJobs: (model: string, version: string) => `shadows.${model}.${version}`,
  shadowAnswers: (home: string) => `shadowed.${home}`,
  comparisons: 'comparisons',

  presentState: (home: string) => `present.${home}`,
  running: (home: string) => `running.${home}`,
  moved: (home: string) => `moved.${home}`,
  queuedJobs: 'gateways.queued',
  used: 'gateways.used',
  updatesWanted: 'updates.wanted',
  workerPresence: 'workers.presence',
  workerLeft: 'workers.left',
  askWorkers: 'workers.ask',
  askFigures: 'figures.ask',
  /** The broker allows each role its own subject only. */
  figures: (role: string) => `figures.told.${role}`,
  /** For the workers of a lane, while jobs of it wait longer than they should. */
  nudge: ({
    model,
    version,
    lane,
  }: {
    readonly model: string;
    readonly version: string;
    readonly lane: Lane;
  }) => `nudge.${model}.${version}.${lane}`,
  allNudges: 'nudge.*.*.*',

  // Of nats-server: what a process may do, and what happens to streams and consumers.
  ownRights: '$SYS.REQ.USER.INFO',
  allAdvisories: '$JS.EVENT.ADVISORY.>',
  streamMade: '$JS.EVENT.ADVISORY.STREAM.CREATED.*',
  streamDeleted: '$JS.EVENT.ADVISORY.STREAM.DELETED.*',
  consumerDeleted: '$JS.EVENT.ADVISORY.CONSUMER.DELETED.*.*',
} as const;

/** The streams whose subjects have one token behind their name. */
const ONE_TOKEN: ReadonlySet<string> = new Set([
  streams.requests,
  streams.suspects,
  streams.progress,
  streams.logs,
]);

/** Actions have so many subjects, and refusals as many. Each has its share of the stream. */
export const AUDIT_PARTS: readonly string[] = [...'0123456789abcdef'];

/** The messages about an API key. Each key has one of each at most. */
export const KEY_PARTS = ['created', 'revoked'] as const;
export type KeyPart = (typeof KEY_PARTS)[number];

/** @returns undefined for the subject of no key, such as a probe's. */
export function parseKeySubject(
  subject: string,
): { readonly id: string; readonly part: KeyPart } | undefined {
  const [, id = '', name] = subject.split('.');
  const part = KEY_PARTS.find((known) => known === name);
  return part && { id, part };
}

/** The messages about a version in the registry. Each version has one of each at most. */
const VERSION_PARTS = ['record', 'retired'] as const;
export type VersionPart = (typeof VERSION_PARTS)[number];

/** @returns undefined for the subject of no version, such as a probe's. */
export function parseVersionSubject(
  subject: string,
): { readonly model: string; readonly version: string; readonly part: VersionPart } | undefined {
  const [, model = '', version = '', name] = subject.split('.');
  const part = VERSION_PARTS.find((known) => known === name);
  return part && /^[1-9][0-9]{0,8}$/.test(version) ? { model, version, part } : undefined;
}

/** The consumer of the trainers of a class for a step. */
export function stepConsumerName(step: StepName, trainerClass: string): string {
  return `${step}_${trainerClass}`;
}

/** What a job's subject says of it. It can be read even if the body cannot. */
export interface JobSubject {
  readonly model: string;
  readonly version: string;
  readonly lane: string;
  readonly deadlineSecond: number;
  readonly bundle: string;
  /** Of a chunk of a row batch. */
  readonly chunk: number | undefined;
}

export function parseJobSubject(subject: string): JobSubject {
  const [, model = '', version = '', lane = '', second = '', bundle = '', chunk] = subject.split('.');
  const numbers = { deadlineSecond: Number(second), chunk: chunk === undefined ? undefined : Number(chunk) };
  return { model, version, lane, bundle, ...numbers };
}

function tokenOf(owner: Owner | undefined): string {
  return owner === undefined ? '*' : ownerToken(owner);
}

/** @returns the address of a job's bundle, if the subject names one of that model and that deadline. */
export function jobAddress(subject: string): BundleAddress | undefined {
  const { model, deadlineSecond, bundle } = parseJobSubject(subject);
  const home = bundleParts(bundle)?.home;
  if (home !== undefined)
    return Number.isSafeInteger(deadlineSecond) ? { model, home, deadlineSecond, bundle } : undefined;
  const address = parseTaskId(bundle);
  const isOfSubject =
    address?.bundle === bundle && address.model === model && address.deadlineSecond === deadlineSecond;
  return isOfSubject ? address : undefined;
}

/** @returns the model of a rollout that was republished. */
export function rolloutModel(subject: string): string {
  return subject.split('.')[1] ?? '';
}

/** @returns the stream that nats-server tells of. */
export function streamMadeIn(subject: string): string {
  return subject.split('.').at(-1) ?? '';
}
