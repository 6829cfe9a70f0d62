/** What `npm run key` does. Each returns the text to print. */
import type { KeyStore } from '../../broker/keyStore.ts';
import { NO_KEYS_READ } from '../../broker/keyStore.ts';
import { digestOf, newApiKey, textOfKey } from '../../contract/apiKey.ts';
import { MESSAGE_VERSION } from '../../contract/messages/decoder.ts';
import { endOf, type KnownKey, KnownKeys } from '../../identity/knownKeys.ts';
import type { KeyCommand } from './arguments.ts';

type Keys = Pick<KeyStore, 'create' | 'forget' | 'hasRoom' | 'lastUses' | 'readAfter' | 'revoke'>;

/** A command that could not be done. */
export class KeyError extends Error {}

/** By then every gateway has read that a key was revoked. */
const FORGET_AFTER_MS = 30 * 86_400_000;
const COLUMNS = ['id', 'owner', 'role', 'created', 'last used', 'ends', 'quotas'];

export async function createKey(
  keys: Keys,
  { owner, role, expiresInMs, quotas }: Extract<KeyCommand, { name: 'create' }>,
): Promise<string> {
  const key = newApiKey();
  const createdAt = Date.now();
  await forgetEnded(keys, createdAt - FORGET_AFTER_MS);
  if (!(await keys.hasRoom()))
    throw new KeyError(
      'the broker has no room for another key: revoke keys that are not needed. They are deleted 30 days after they ended, when a key is created',
    );
  const outcome = await keys.create(key.id, {
    v: MESSAGE_VERSION,
    owner,
    role,
    digest: digestOf(key.secret),
    createdAt,
    ...(expiresInMs === undefined ? {} : { expiresAt: createdAt + expiresInMs }),
    ...(quotas && { quotas }),
  });
  if (outcome.type !== 'stored') throw notStored(outcome.reason);
  return textOfKey(key);
}

export async function listKeys(keys: Keys): Promise<string> {
  const [known, lastUses] = await Promise.all([readAll(keys), keys.lastUses()]);
  const rows = [COLUMNS, ...known.list().map((key) => rowOf(key, lastUses.get(key.id)))];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export async function revokeKey(keys: Keys, id: string): Promise<string> {
  if ((await readAll(keys)).find(id) === undefined) throw new KeyError(`there is no key ${id}`);
  const outcome = await keys.revoke(id, Date.now());
  if (outcome.type === 'alreadyThere') return `${id} was revoked before`;
  if (outcome.type !== 'stored') throw notStored(outcome.reason);
  return `revoked ${id}`;
}

async function forgetEnded(keys: Keys, before: number): Promise<void> {
  for (const { id, record, revokedAt } of (await readAll(keys)).list())
    if (Math.min(revokedAt ?? Infinity, record.expiresAt ?? Infinity) < before) await keys.forget(id);
}

async function readAll(keys: Keys): Promise<KnownKeys> {
  const known = new KnownKeys();
  const { changes } = await keys.readAfter(NO_KEYS_READ);
  for (const change of changes) known.learn(change);
  return known;
}

function rowOf(key: KnownKey, lastUsedAt: number | undefined): readonly string[] {
  const { owner, role, createdAt, expiresAt, quotas = {} } = key.record;
  const end = endOf(key);
  const ends = end ?? (expiresAt === undefined ? 'never' : timeOf(expiresAt));
  return [
    key.id,
    owner,
    role,
    timeOf(createdAt),
    lastUsedAt === undefined ? 'never' : timeOf(lastUsedAt),
    ends,
    Object.entries(quotas)
      .map(([name, limit]) => `${name}=${limit}`)
      .join(' '),
  ];
}

/** To the minute, in UTC. */
function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}

function notStored(reason: string): KeyError {
  return new KeyError(
    `the broker did not store it (${reason}): has a gateway run on this broker? It makes the stream of keys`,
  );
}
