/**
 * What needs attention now, as far as a gateway can see it. The rules for Prometheus have the same names; most of them
 * wait until their condition has held for a while.
 */
import type { StoreState } from '../broker/broker.ts';
import { ProcessRole } from '../contract/messages/figures.ts';
import type { WorkerPresence } from '../contract/messages/presence.ts';
import { Lane, streams } from '../contract/subjects.ts';
import type { Model } from '../models/models.ts';
import { readableBytes } from '../process/readableBytes.ts';
import type { LaneOfQueue } from './queues.ts';
import type { ProcessStats } from './rates.ts';

export const AlertSeverity = { Warning: 'WARNING', Critical: 'CRITICAL' } as const;
export type AlertSeverity = (typeof AlertSeverity)[keyof typeof AlertSeverity];

export interface Alert {
  readonly name: string;
  readonly severity: AlertSeverity;
  /** A sentence. It does not change while the alert lasts. */
  readonly summary: string;
  readonly advice: string;
  readonly model?: string;
}

/** What alerts are found in. */
export interface SeenSystem {
  readonly models: readonly Model[];
  /** Undefined while the broker does not answer. */
  readonly queues: readonly LaneOfQueue[] | undefined;
  readonly stores: readonly StoreState[];
  readonly processes: readonly ProcessStats[];
  readonly workers: readonly WorkerPresence[];
}

/** The part of a store from which on it is told. */
const NEARLY_FULL = 0.8;
const LATE_MS = 250;

const RULES: readonly ((system: SeenSystem) => readonly Alert[])[] = [
  brokerAway,
  withoutWorker,
  backlogs,
  nearlyFullStores,
  deadLetters,
  refusedVersions,
  lateEventLoops,
  pausedModels,
];

/** The critical ones first. */
export function alertsIn(system: SeenSystem): readonly Alert[] {
  const alerts = RULES.flatMap((rule) => rule(system));
  const { critical = [], others = [] } = Object.groupBy(alerts, ({ severity }) =>
    severity === AlertSeverity.Critical ? 'critical' : 'others',
  );
  return [...critical, ...others];
}

function brokerAway({ queues }: SeenSystem): readonly Alert[] {
  if (queues !== undefined) return [];
  return [
    {
      name: 'TidingsBrokerUnreachable',
      severity: AlertSeverity.Critical,
      summary: 'The broker does not answer this gateway.',
      advice: 'Look whether nats-server runs, and at its log. Queues and stores are not told meanwhile.',
    },
  ];
}

function withoutWorker({ queues = [], workers }: SeenSystem): readonly Alert[] {
  const isServed = ({ model, version }: LaneOfQueue) =>
    workers.some(({ models, leaving = [] }) =>
      [...models, ...leaving].some((each) => each.model === model && each.version === version),
    );
  const unserved = queues.filter((lane) => lane.waiting > 0 && !isServed(lane));
  return byVersion(unserved).map(({ model, version }) => ({
    name: 'TidingsNoWorker',
    severity: AlertSeverity.Critical,
    summary: `Tasks wait for version ${version} of ${model}, and no worker serves it.`,
    advice:
      'Start a worker that serves it, or set a rollout that gives its tasks, also those that wait, to another version.',
    model,
  }));
}

function backlogs({ queues = [], models }: SeenSystem): readonly Alert[] {
  const late = queues.filter((lane) => {
    const limitMs = models.find(({ manifest }) => manifest.name === lane.model)?.manifest.limits.timeoutMs;
    const canExpire = lane.lane !== Lane.Batch && !lane.isPaused;
    return canExpire && limitMs !== undefined && (lane.backlogSeconds ?? 0) * 1_000 > limitMs;
  });
  return byVersion(late).map(({ model, version }) => ({
    name: 'TidingsBacklogBeyondDeadline',
    severity: AlertSeverity.Critical,
    summary: `Tasks of ${model} that wait for version ${version} will expire: at the present rate they wait longer than the time limit.`,
    advice: 'Start more workers, or let clients send less.',
    model,
  }));
}

function nearlyFullStores({ stores }: SeenSystem): readonly Alert[] {
  return stores.flatMap(({ name, bytes, maxBytes, dropsOldest }) => {
    // One that drops its oldest messages is full in normal operation.
    if (dropsOldest || maxBytes === undefined || bytes < NEARLY_FULL * maxBytes) return [];
    return {
      name: 'TidingsStoreNearlyFull',
      severity: AlertSeverity.Warning,
      summary: `The stream ${name} is more than ${NEARLY_FULL * 100} % full, of ${readableBytes(maxBytes)}.`,
      advice: 'Give it more room before it refuses messages: docs/operations.md tells which setting it has.',
    };
  });
}

function deadLetters({ stores }: SeenSystem): readonly Alert[] {
  if (!stores.some(({ name, messages }) => name === streams.dead && messages > 0)) return [];
  return [
    {
      name: 'TidingsDeadLetters',
      severity: AlertSeverity.Warning,
      summary: 'There are dead letters: tasks whose jobs could not be brought to a prediction.',
      advice: 'Read the reasons, mend the cause, then redrive or discard each dead letter.',
    },
  ];
}

function refusedVersions({ workers }: SeenSystem): readonly Alert[] {
  const refused = workers.flatMap((worker) => worker.refused ?? []);
  return byVersion(refused).map(({ model, version, reason }) => ({
    name: 'TidingsVersionRefused',
    severity: AlertSeverity.Warning,
    summary: `A worker refuses version ${version} of ${model}: ${reason}`,
    advice: 'Mend the version or the worker, or retire the version.',
    model,
  }));
}

function lateEventLoops({ processes }: SeenSystem): readonly Alert[] {
  return processes.flatMap(({ id, role, eventLoopDelayMs }) => {
    if (role !== ProcessRole.Gateway || eventLoopDelayMs < LATE_MS) return [];
    return {
      name: 'TidingsGatewayEventLoop',
      severity: AlertSeverity.Warning,
      summary: `The gateway ${id} is overloaded: its event loop was more than ${LATE_MS} ms late.`,
      advice: 'Start another gateway, or let clients send smaller requests.',
    };
  });
}

function pausedModels({ queues = [] }: SeenSystem): readonly Alert[] {
  const paused = new Set(queues.filter(({ isPaused }) => isPaused).map(({ model }) => model));
  return [...paused].map((model) => ({
    name: 'TidingsModelPaused',
    severity: AlertSeverity.Warning,
    summary: `The model ${model} is paused: its tasks wait, and expire at their time limits.`,
    advice: 'Resume the model once the reason for the pause is gone.',
    model,
  }));
}

/** The first entry of each version. */
function byVersion<T extends { readonly model: string; readonly version: string }>(
  entries: readonly T[],
): readonly T[] {
  return [...new Map(entries.toReversed().map((each) => [`${each.model} ${each.version}`, each])).values()];
}
