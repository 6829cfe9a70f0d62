/**
 * The roles of processes at the broker, with the least rights that each needs. docs/protocol.md lists them subject by
 * subject, and a test compares both. accounts.ts tells in which account each is.
 *
 * Of gateways, workers and trainers, which share an account, only gateways may use `DIRECT.GET`: the broker sends what is stored to
 * any reply subject that the request names, so a role with that right can have its own content stored where it must not
 * publish. `STREAM.MSG.GET` wraps it into an answer that is no message of ours.
 *
 * A wildcard of a permission stands for a whole token, so `JOBS_*` cannot be written. A right to the queues alone is
 * therefore one to all streams, denied for each other stream by its name.
 */
import { streams, subjects } from '../contract/subjects.ts';
import { ADMIN_API, GUARDED_STREAMS, OWN_API, TASKS_API } from './streamApis.ts';

export const BROKER_ROLES = ['gateway', 'worker', 'trainer', 'observer', 'admin'] as const;
export type BrokerRole = (typeof BROKER_ROLES)[number];

/** As the configuration of nats-server has them, in `permissions` of a user. */
export interface Permissions {
  readonly publish: { readonly allow: readonly string[]; readonly deny: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

type Publish = Permissions['publish'];

/** Where the replies to a process come. No other role may listen there. */
export function inboxPrefix(role: BrokerRole): string {
  return `_INBOX_${role}`;
}

export function permissionsOf(role: BrokerRole): Permissions {
  const { allow, deny } = PUBLISH[role];
  return {
    publish: { allow: [...allow, subjects.ownRights], deny },
    subscribe: { allow: [`${inboxPrefix(role)}.>`, ...SUBSCRIBE[role]] },
  };
}

/** The streams that are no queue. */
const OTHER_STREAMS = Object.values(streams).filter((name) => typeof name === 'string');
const LOOK_AT_STREAMS = api(
  ['STREAM.INFO.*', 'STREAM.LIST', 'STREAM.NAMES'],
  ['CONSUMER.INFO.*.*', 'CONSUMER.LIST.*'],
);
const LOOK_AT_GUARDED = [
  `${ADMIN_API}.STREAM.NAMES`,
  ...GUARDED_STREAMS.map((name) => `${ADMIN_API}.STREAM.INFO.${name}`),
];
const READ_GUARDED = GUARDED_STREAMS.map((name) => `${ADMIN_API}.STREAM.MSG.GET.${name}`);
/** What observers may ask about the streams of tasks. */
export const READ_BY_OBSERVERS = [
  ...LOOK_AT_STREAMS,
  ...api(['INFO', 'CONSUMER.NAMES.*', 'STREAM.MSG.GET.*']),
];
/** What trainers read: work, and what earlier work has made. */
const READ_BY_TRAINERS = [
  streams.work,
  streams.steps,
  streams.runs,
  streams.progress,
  streams.datasets,
  streams.versions,
  streams.rollouts,
  streams.artifacts,
];
const ENDED_BY_WORKERS = [streams.ends, streams.results, streams.chunks, streams.suspects];
const READ_BY_WORKERS = [...ENDED_BY_WORKERS, streams.blobs, streams.artifacts, streams.versions];

const PUBLISH: Readonly<Record<BrokerRole, Publish>> = {
  gateway: {
    allow: [
      subjects.allJobs('*'),
      subjects.allChunkJobs('*'),
      // Tasks that expire end here.
      subjects.allEnds,
      subjects.allResults,
      subjects.allRequests,
      subjects.rollout('*'),
      subjects.allActuals,
      subjects.probe,
      subjects.keyUse('*'),
      subjects.auditActions('*'),
      subjects.auditRefusals('*'),
      subjects.allBlobs,
      subjects.allArtifacts,
      // Work that is accepted, and its first step; work that expires ends here.
      subjects.allWork,
      subjects.allStepJobs,
      subjects.allWorkRequests,
      subjects.allRuns,
      // Operators register versions, and they and the retention retire them.
      subjects.version('*', '*', 'record'),
      subjects.version('*', '*', 'retired'),
      subjects.moved('*'),
      subjects.queuedJobs,
      subjects.used,
      subjects.updatesWanted,
      subjects.presentState('*'),
      subjects.askWorkers,
      subjects.askFigures,
      subjects.figures('gateway'),
      subjects.allNudges,
      subjects.shadowJobs('*', '*'),
      subjects.comparisons,
      // Gateways answer each other. A right to answer any message would be one to publish anything: a reply subject can
      // have any name.
      `${inboxPrefix('gateway')}.>`,
      ...LOOK_AT_STREAMS,
      ...api(['STREAM.MSG.GET.*', 'STREAM.MSG.DELETE.*', 'STREAM.PURGE.*']),
      // Operators pause models.
      ...api(['CONSUMER.PAUSE.*.*']),
      ...api([`DIRECT.GET.${streams.ends}.>`, `DIRECT.GET.${streams.chunks}.>`]),
      ...api([streams.actuals, streams.datasets, streams.logs].map((name) => `DIRECT.GET.${name}`)),
      ...LOOK_AT_GUARDED,
      ...READ_GUARDED,
      `${ADMIN_API}.DIRECT.GET.${streams.audit}`,
    ],
    deny: [
      ...api(
        [
          streams.dead,
          streams.suspects,
          streams.rollouts,
          streams.keys,
          streams.keyUses,
          streams.audit,
          streams.blobs,
          streams.artifacts,
          streams.steps,
          streams.runs,
          streams.progress,
          streams.logs,
          streams.datasets,
          streams.versions,
          streams.probe,
        ].map((name) => `STREAM.MSG.DELETE.${name}`),
      ),
      ...api([`CONSUMER.PAUSE.${streams.work}.*`]),
      // It forgets requests, discards dead letters, removes artifacts, and takes work that has ended off its queue.
      ...purgesOf(othersThan(streams.requests, streams.dead, streams.artifacts, streams.work, streams.steps)),
    ],
  },
  worker: {
    allow: [
      subjects.allEnds,
      subjects.allResults,
      subjects.allChunks,
      subjects.allDead,
      subjects.allSuspects,
      subjects.allSuspectRows,
      subjects.allBlobs,
      subjects.running('*'),
      subjects.workerPresence,
      subjects.workerLeft,
      subjects.figures('worker'),
      subjects.shadowAnswers('*'),
      '$JS.ACK.>',
      ...LOOK_AT_STREAMS,
      ...LOOK_AT_GUARDED,
      ...api(['CONSUMER.MSG.NEXT.*.*', 'STREAM.PURGE.*']),
      ...api(READ_BY_WORKERS.map((name) => `STREAM.MSG.GET.${name}`)),
      ...api(ENDED_BY_WORKERS.map((name) => `STREAM.MSG.DELETE.${name}`)),
    ],
    // It removes the marks of tasks that have ended, and damaged artifacts. It takes no steps of work.
    deny: [
      ...purgesOf(othersThan(streams.suspects, streams.artifacts)),
      ...api([`CONSUMER.MSG.NEXT.${streams.work}.*`]),
      `$JS.ACK.${streams.work}.>`,
    ],
  },
  trainer: {
    allow: [
      subjects.allStepJobs,
      subjects.allSteps,
      subjects.allRuns,
      subjects.allProgress,
      subjects.working('*'),
      subjects.figures('trainer'),
      subjects.allLogs,
      subjects.allDatasets,
      subjects.allArtifacts,
      // Also `npm run model -- push` and `retire`.
      subjects.version('*', '*', 'record'),
      subjects.version('*', '*', 'retired'),
      `$JS.ACK.${streams.work}.>`,
      ...LOOK_AT_STREAMS,
      ...LOOK_AT_GUARDED,
      ...api([`CONSUMER.MSG.NEXT.${streams.work}.*`, `STREAM.PURGE.${streams.work}`]),
      ...api([`STREAM.PURGE.${streams.steps}`]),
      ...api([`STREAM.PURGE.${streams.artifacts}`]),
      ...api(READ_BY_TRAINERS.map((name) => `STREAM.MSG.GET.${name}`)),
    ],
    deny: [],
  },
  observer: {
    allow: [...READ_BY_OBSERVERS, ...LOOK_AT_GUARDED, ...READ_GUARDED],
    deny: [],
  },
  // It makes and revokes API keys.
  admin: {
    allow: [...api(['>']), `${TASKS_API}.>`, subjects.key('*', 'created'), subjects.key('*', 'revoked')],
    deny: [],
  },
};

/** What observers may hear of tasks, beside gateways. */
export const NOTICES: readonly string[] = [
  subjects.endedOf('*'),
  subjects.allFinal,
  subjects.diedOf('*'),
  subjects.rolloutChanges,
  subjects.running('*'),
  subjects.moved('*'),
  subjects.queuedJobs,
  subjects.used,
  subjects.workerPresence,
  subjects.workerLeft,
  subjects.ran('*'),
  subjects.working('*'),
  subjects.logged('*'),
  subjects.versionChanges,
];

const SUBSCRIBE: Readonly<Record<BrokerRole, readonly string[]>> = {
  gateway: [
    ...NOTICES,
    subjects.presentState('*'),
    subjects.askFigures,
    subjects.figures('*'),
    subjects.shadowAnswers('*'),
    subjects.comparisons,
    subjects.streamMade,
  ],
  worker: [
    subjects.updatesWanted,
    subjects.askWorkers,
    subjects.askFigures,
    subjects.allNudges,
    subjects.shadowJobs('*', '*'),
    subjects.versionChanges,
    subjects.streamMade,
  ],
  trainer: [subjects.askFigures, subjects.ran('*'), subjects.versionChanges, subjects.streamMade],
  observer: [...NOTICES, subjects.allAdvisories],
  // It makes the consumers of the versions of the registry.
  admin: [subjects.allAdvisories, subjects.versionChanges],
};

/** The subjects of requests to JetStream. */
function api(...requests: readonly (readonly string[])[]): readonly string[] {
  return requests.flat().map((request) => `${OWN_API}.${request}`);
}

/** The streams that are no queue, without some. */
function othersThan(...names: readonly string[]): readonly string[] {
  return OTHER_STREAMS.filter((name) => !names.includes(name));
}

function purgesOf(names: readonly string[]): readonly string[] {
  return api(names.map((name) => `STREAM.PURGE.${name}`));
}
