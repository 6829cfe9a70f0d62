/** API keys as a gateway knows them, from what a store tells. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Broker, KeyChange } from '../../../src/broker/broker.ts';
import { digestOf, newApiKey, textOfKey } from '../../../src/contract/apiKey.ts';
import type { Quotas } from '../../../src/contract/quotas.ts';
import { ApiKeys } from '../../../src/identity/apiKeys.ts';
import { SILENT } from '../../support/models.ts';

const HOUR_MS = 3_600_000;
const READ_EVERY_MS = 500;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('a new key and a revocation count after the next read', async () => {
  const store = newStore();
  using keys = await openKeys(store);
  const { text, id, created } = newKey();
  expect(keys.identify(text)).toBeUndefined();
  store.tell(created);
  await vi.advanceTimersByTimeAsync(READ_EVERY_MS);
  const identity = keys.identify(text);
  expect(identity).toMatchObject({ principal: { owner: 'shop', role: 'submitter' } });
  expect(identity?.endedBy?.()).toBeUndefined();
  store.tell({ id, part: 'revoked', event: { v: 1, at: Date.now() } });
  await vi.advanceTimersByTimeAsync(READ_EVERY_MS);
  expect(identity?.endedBy?.()).toBe('was revoked');
  expect(keys.identify(text)?.endedBy?.()).toBe('was revoked');
});

test('a key counts until it expires', async () => {
  const store = newStore();
  const { text, created } = newKey({ expiresAt: Date.now() + HOUR_MS });
  store.tell(created);
  using keys = await openKeys(store);
  const identity = keys.identify(text);
  await vi.advanceTimersByTimeAsync(HOUR_MS - 1);
  expect(identity?.endedBy?.()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(identity?.endedBy?.()).toBe('has expired');
});

test('the identity of a key with quotas of its own names the key, and that of another does not', async () => {
  const store = newStore();
  const [limited, other] = [newKey({ quotas: { tasksPerSecond: 5 } }), newKey()];
  store.tell(limited.created, other.created);
  using keys = await openKeys(store);
  expect(keys.identify(limited.text)?.principal.limitedKey).toBe(limited.id);
  expect(keys.identify(other.text)?.principal.limitedKey).toBeUndefined();
  expect([keys.quotasOf(limited.id), keys.quotasOf(other.id)]).toEqual([{ tasksPerSecond: 5 }, {}]);
});

test('a revoked key does not come back when its record is stored again', async () => {
  const store = newStore();
  const { text, id, created } = newKey();
  store.tell({ id, part: 'revoked', event: { v: 1, at: 1 } }, created);
  using keys = await openKeys(store);
  expect(keys.identify(text)?.endedBy?.()).toBe('was revoked');
});

test('after the broker has lost its keys, none counts', async () => {
  const store = newStore();
  const { text, created } = newKey();
  store.tell(created);
  using keys = await openKeys(store);
  const identity = keys.identify(text);
  store.loseAll();
  await vi.advanceTimersByTimeAsync(READ_EVERY_MS);
  expect(identity?.endedBy?.()).toBe('was revoked');
  expect(keys.identify(text)).toBeUndefined();
});

test('the use of a key is stored once an hour, however often it is used', async () => {
  const store = newStore();
  const { text, id, created } = newKey();
  store.tell(created);
  using keys = await openKeys(store);
  for (let i = 0; i < 1_000; i++) keys.identify(text);
  expect(store.uses).toEqual([id]);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  keys.identify(text);
  expect(store.uses).toEqual([id, id]);
});

function newKey(more: { expiresAt?: number; quotas?: Quotas } = {}) {
  const key = newApiKey();
  const record = {
    v: 1,
    owner: 'shop',
    role: 'submitter',
    digest: digestOf(key.secret),
    createdAt: Date.now(),
    ...more,
  } as const;
  const created: KeyChange = { id: key.id, part: 'created', record };
  return { id: key.id, text: textOfKey(key), created };
}

function newStore() {
  let changes: KeyChange[] = [];
  let created = 'the first stream';
  const uses: string[] = [];
  const keys: Pick<Broker['keys'], 'readAfter' | 'use'> = {
    async readAfter(before) {
      const isNew = before.created !== created;
      const from = isNew ? 0 : before.sequence;
      return { read: { created, sequence: changes.length }, changes: changes.slice(from), isNew };
    },
    async use(id) {
      uses.push(id);
      return { type: 'stored' };
    },
  };
  return {
    broker: { keys } as unknown as Pick<Broker, 'keys'>,
    uses,
    tell: (...more: KeyChange[]) => void changes.push(...more),
    loseAll: () => {
      changes = [];
      created = 'a new stream';
    },
  };
}

function openKeys({ broker }: ReturnType<typeof newStore>): Promise<ApiKeys> {
  return ApiKeys.open({ broker, log: SILENT }, new AbortController().signal);
}
