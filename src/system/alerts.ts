/** The alerts whose condition holds at this moment, as far as a gateway can see it. */

import type { StoreState } from '../broker/broker.ts';
import type { LiveErrorChange } from '../contract/liveError.ts';
import { ProcessRole } from '../contract/messages/figures.ts';
import type { WorkerPresence } from '../contract/messages/presence.ts';
import { Lane, streams } from '../contract/subjects.ts';
import type { Model } from '../models/models.ts';
import { readableBytes } from '../process/readableBytes.ts';
import { ALERT_RULES, type AlertName, AlertSeverity, LIVE_ERROR_TASKS } from './alertRules.ts';
import type { LaneOfQueue } from './queues.ts';
import type { ProcessStats } from './rates.ts';

export interface Alert extends FoundAlert {
  readonly severity: AlertSeverity;
}

interface FoundAlert {
  readonly name: AlertName;
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
  readonly liveErrors: readonly LiveErrorChange[];
}

const NEARLY_FULL = ALERT_RULES.TidingsStoreNearlyFull.limit;
const LATE_MS = ALERT_RULES.TidingsGatewayEventLoop.limit * 1_000;

const FINDERS: readonly ((system: SeenSystem) => readonly FoundAlert[])[] = [
  brokerAway,
  withoutWorker,
  backlogs,
  nearlyFullStores,
  deadLetters,
  refusedVersions,
  lateEventLoops,
  pausedModels,
  risenErrors,
];

/** The critical ones first. */
export function alertsIn(system: SeenSystem): readonly Alert[] {
  const found = FINDERS.flatMap((find) => find(system));
  const alerts = found.map((alert) => ({ ...alert, severity: ALERT_RULES[alert.name].severity }));
  const { critical = [], others = [] } = Object.groupBy(alerts, ({ severity }) =>
    severity === AlertSeverity.Critical ? 'critical' : 'others',
  );
  return [...critical, ...others];
}

function brokerAway({ queues }: SeenSystem): readonly FoundAlert[] {
  if (queues !== undefined) return [];
  return [
    {
      name: 'TidingsBrokerUnreachable',
      summary: 'The broker does not answer this gateway.',
      advice: 'Look whether nats-server runs, and at its log. Queues and stores are not told meanwhile.',
    },
  ];
}

function withoutWorker({ queues = [], workers }: SeenSystem): readonly FoundAlert[] {
  const isServed = ({ model, version }: LaneOfQueue) =>
    workers.some(({ models, leaving = [] }) =>
      [...models, ...leaving].some((each) => each.model === model && each.version === version),
    );
  const unserved = queues.filter((lane) => lane.waiting + lane.inHand > 0 && !isServed(lane));
  return byVersion(unserved).map(({ model, version }) => ({
    name: 'TidingsNoWorker',
    summary: `Tasks wait for version ${version} of ${model}, and no worker serves it.`,
    advice:
      'Start a worker that serves it, or set a rollout that gives its tasks, also those that wait, to another version.',
    model,
  }));
}

function backlogs({ queues = [], models }: SeenSystem): readonly FoundAlert[] {
  const late = queues.filter((lane) => {
    const limitMs = models.find(({ manifest }) => manifest.name === lane.model)?.manifest.limits.timeoutMs;
    const canExpire = lane.lane !== Lane.Batch && !lane.isPaused;
    return canExpire && limitMs !== undefined && (lane.backlogSeconds ?? 0) * 1_000 > limitMs;
  });
  return byVersion(late).map(({ model, version }) => ({
    name: 'TidingsBacklogBeyondDeadline',
    summary: `Tasks of ${model} that wait for version ${version} will expire: at the present rate they wait longer than the time limit.`,
    advice: 'Start more workers, or let clients send less.',
    model,
  }));
}

function nearlyFullStores({ stores }: SeenSystem): readonly FoundAlert[] {
  return stores.flatMap(({ name, bytes, maxBytes, dropsOldest }) => {
    // One that drops its oldest messages is full in normal operation.
    if (dropsOldest || maxBytes === undefined || bytes <= NEARLY_FULL * maxBytes) return [];
    return {
      name: 'TidingsStoreNearlyFull',
      summary: `The stream ${name} is more than ${NEARLY_FULL * 100} % full, of ${readableBytes(maxBytes)}.`,
      advice: 'Give it more room before it refuses messages: docs/operations.md tells which setting it has.',
    };
  });
}

function deadLetters({ stores }: SeenSystem): readonly FoundAlert[] {
  if (!stores.some(({ name, messages }) => name === streams.dead && messages > 0)) return [];
  return [
    {
      name: 'TidingsDeadLetters',
      summary: 'There are dead letters: tasks whose jobs could not be brought to a prediction.',
      advice:
        'Read the reasons (deadLetters without a model lists all), mend the cause, then redrive or discard each dead letter.',
    },
  ];
}

function refusedVersions({ workers }: SeenSystem): readonly FoundAlert[] {
  const refused = workers.flatMap((worker) => worker.refused ?? []);
  return byVersion(refused).map(({ model, version, reason }) => ({
    name: 'TidingsVersionRefused',
    summary: `A worker refuses version ${version} of ${model}: ${reason}`,
    advice: 'Mend the version or the worker, or retire the version.',
    model,
  }));
}

function lateEventLoops({ processes }: SeenSystem): readonly FoundAlert[] {
  return processes.flatMap(({ id, role, eventLoopDelayMs }) => {
    if (role !== ProcessRole.Gateway || eventLoopDelayMs <= LATE_MS) return [];
    return {
      name: 'TidingsGatewayEventLoop',
      summary: `The gateway ${id} is overloaded: its event loop was more than ${LATE_MS} ms late.`,
      advice: 'Start another gateway, or let clients send smaller requests.',
    };
  });
}

function pausedModels({ queues = [] }: SeenSystem): readonly FoundAlert[] {
  const paused = new Set(queues.filter(({ isPaused }) => isPaused).map(({ model }) => model));
  return [...paused].map((model) => ({
    name: 'TidingsModelPaused',
    summary: `The model ${model} is paused: its tasks wait, and expire at their time limits.`,
    advice: 'Resume the model once the reason for the pause is gone.',
    model,
  }));
}

function risenErrors({ liveErrors }: SeenSystem): readonly FoundAlert[] {
  const { limit } = ALERT_RULES.TidingsLiveErrorUp;
  return liveErrors.flatMap(({ model, version, output, count, mae, formerMae }) => {
    if (count < LIVE_ERROR_TASKS || mae <= limit * formerMae) return [];
    return {
      name: 'TidingsLiveErrorUp',
      summary: `The live error of ${output} of version ${version} of ${model} is more than ${limit} times what it was at the end of the day before yesterday (UTC).`,
      advice: 'The data has moved, or the actuals are wrong. Compare versions, and train again.',
      model,
    };
  });
}

/** The first entry of each version. */
function byVersion<T extends { readonly model: string; readonly version: string }>(
  entries: readonly T[],
): readonly T[] {
  return [...new Map(entries.toReversed().map((each) => [`${each.model} ${each.version}`, each])).values()];
}
