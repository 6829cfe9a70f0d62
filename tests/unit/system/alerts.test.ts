import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ProcessRole } from '../../../src/contract/messages/figures.ts';
import { Lane } from '../../../src/contract/subjects.ts';
import type { Model } from '../../../src/models/models.ts';
import { ALERT_RULES, type AlertRule, LIVE_ERROR_TASKS } from '../../../src/system/alertRules.ts';
import { alertsIn, type SeenSystem } from '../../../src/system/alerts.ts';

interface PrometheusRule {
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: { readonly severity: string };
}

const RULES = join(import.meta.dirname, '../../../deploy/prometheus/rules.yml');
const SECONDS = { s: 1, m: 60 };

const LANE = {
  model: 'm',
  version: '1',
  lane: Lane.Interactive,
  waiting: 10,
  inHand: 0,
  endedPerSecond: 5,
  capacityPerSecond: 5,
  backlogSeconds: 2,
  isPaused: false,
  messages: { waiting: 10, inHand: 0 },
};
const WORKER = {
  id: 'w',
  startedAt: 0,
  models: [{ model: 'm', version: '1', executionProvider: 'cpu' }],
};
const CALM: SeenSystem = {
  models: [{ manifest: { name: 'm', limits: { timeoutMs: 10_000 } } } as Model],
  queues: [LANE],
  stores: [{ name: 'ENDS', messages: 1, bytes: 79, maxBytes: 100, dropsOldest: false }],
  processes: [],
  workers: [WORKER],
  liveErrors: [],
};
const RISEN = { model: 'm', version: '1', output: 'x', count: 100, mae: 1.6, formerMae: 1 };
const GATEWAY = {
  id: 'g',
  role: ProcessRole.Gateway,
  startedAt: 0,
  cpuCores: 1,
  memoryBytes: 1,
  busy: undefined,
  connections: 1,
  subscriptions: 0,
};

const CASES: Readonly<Record<string, Partial<SeenSystem>>> = {
  TidingsBrokerUnreachable: { queues: undefined, stores: [] },
  TidingsNoWorker: { workers: [] },
  TidingsBacklogBeyondDeadline: { queues: [{ ...LANE, capacityPerSecond: 0.5, backlogSeconds: 20 }] },
  TidingsStoreNearlyFull: {
    stores: [{ name: 'ENDS', messages: 1, bytes: 81, maxBytes: 100, dropsOldest: false }],
  },
  TidingsDeadLetters: {
    stores: [{ name: 'DEAD', messages: 1, bytes: 1, maxBytes: 100, dropsOldest: false }],
  },
  TidingsVersionRefused: {
    workers: [WORKER, { ...WORKER, refused: [{ model: 'm', version: '2', reason: 'x' }] }],
  },
  TidingsGatewayEventLoop: { processes: [{ ...GATEWAY, eventLoopDelayMs: 251 }] },
  TidingsModelPaused: { queues: [{ ...LANE, isPaused: true }] },
  TidingsLiveErrorUp: { liveErrors: [RISEN] },
};

test.each(Object.entries(CASES))('%s is told while its condition holds, and nothing else', (name, seen) => {
  expect(alertsIn(CALM)).toEqual([]);
  expect(alertsIn({ ...CALM, ...seen })).toMatchObject([{ name }]);
});

test('each rule has an alert, and each alert a rule', () => {
  expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(ALERT_RULES).toSorted());
});

test.each(Object.entries<AlertRule>(ALERT_RULES))(
  '%s is as urgent as for Prometheus, has the same limit, and waits as long',
  (name, { severity, forS, limit }) => {
    const { groups } = parse(readFileSync(RULES, 'utf8')) as {
      groups: readonly { rules: readonly PrometheusRule[] }[];
    };
    const rule = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === name);
    expect(rule?.labels?.severity.toUpperCase()).toBe(severity);
    const [, count = '0', unit = 's'] = /^([0-9]+)([sm])$/.exec(rule?.for ?? '') ?? [];
    expect(Number(count) * SECONDS[unit as 's' | 'm']).toBe(forS);
    if (limit !== undefined) expect(rule?.expr).toMatch(new RegExp(`> ${limit}( |$)`));
    if (name === 'TidingsLiveErrorUp') expect(rule?.expr).toContain(`>= ${LIVE_ERROR_TASKS}`);
  },
);

test('a live error is told from 100 tasks on, if it is more than half as much again', () => {
  const { formerMae } = RISEN;
  for (const calm of [{ count: LIVE_ERROR_TASKS - 1 }, { mae: 1.5 * formerMae }])
    expect(alertsIn({ ...CALM, liveErrors: [{ ...RISEN, ...calm }] })).toEqual([]);
});

test('a store that drops its oldest messages may be full', () => {
  const stores = [{ name: 'LOGS', messages: 1, bytes: 100, maxBytes: 100, dropsOldest: true }];
  expect(alertsIn({ ...CALM, stores })).toEqual([]);
});

test('a refused version is told once, however many workers refuse it, after what is critical', () => {
  const refused = [{ model: 'm', version: '2', reason: 'x' }];
  const workers = [1, 2].map((id) => ({ ...WORKER, id: `w${id}`, models: [], refused }));
  expect(alertsIn({ ...CALM, workers }).map(({ name }) => name)).toEqual([
    'TidingsNoWorker',
    'TidingsVersionRefused',
  ]);
});
