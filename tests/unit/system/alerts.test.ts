import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ProcessRole } from '../../../src/contract/messages/figures.ts';
import { Lane } from '../../../src/contract/subjects.ts';
import type { Model } from '../../../src/models/models.ts';
import { alertsIn, type SeenSystem } from '../../../src/system/alerts.ts';

const RULES = readFileSync(join(import.meta.dirname, '../../../deploy/prometheus/rules.yml'), 'utf8');

const LANE = {
  model: 'm',
  version: '1',
  lane: Lane.Interactive,
  waiting: 10,
  inHand: 0,
  endedPerSecond: 5,
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
};
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
  TidingsBacklogBeyondDeadline: { queues: [{ ...LANE, endedPerSecond: 0.5, backlogSeconds: 20 }] },
  TidingsStoreNearlyFull: {
    stores: [{ name: 'ENDS', messages: 1, bytes: 80, maxBytes: 100, dropsOldest: false }],
  },
  TidingsDeadLetters: {
    stores: [{ name: 'DEAD', messages: 1, bytes: 1, maxBytes: 100, dropsOldest: false }],
  },
  TidingsVersionRefused: {
    workers: [WORKER, { ...WORKER, refused: [{ model: 'm', version: '2', reason: 'x' }] }],
  },
  TidingsGatewayEventLoop: { processes: [{ ...GATEWAY, eventLoopDelayMs: 251 }] },
  TidingsModelPaused: { queues: [{ ...LANE, isPaused: true }] },
};

test.each(Object.entries(CASES))('%s is told while its condition holds, and nothing else', (name, seen) => {
  expect(alertsIn(CALM)).toEqual([]);
  expect(alertsIn({ ...CALM, ...seen })).toMatchObject([{ name }]);
});

test('the names are those of the rules for Prometheus', () => {
  expect(Object.keys(CASES).filter((name) => !RULES.includes(`alert: ${name}\n`))).toEqual([]);
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
