/** The rights of each role at a real nats-server are those of the table in docs/protocol.md, and no more. */
import { jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROKER_ROLES, type BrokerRole } from '../../src/broker/roles.ts';
import { decodeKeyRecord } from '../../src/contract/messages/keyRecord.ts';
import { streams } from '../../src/contract/subjects.ts';
import { readDocument } from '../support/documents.ts';
import { eventually } from '../support/eventually.ts';
import { provisionRoles, type RoleNats, startNatsWithRoles } from '../support/roles.ts';

const MODEL = 'trip-duration';
const QUEUE = streams.jobs(MODEL);
const STREAMS = Object.values(streams).map((name) => (typeof name === 'string' ? name : name(MODEL)));
/** What stands for each part of a subject in the table. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  stream: STREAMS,
  model: [MODEL],
  lane: ['interactive'],
  consumer: ['v1_interactive'],
};
/** Subjects that no row of the table has. */
const UNLISTED = [
  'anything',
  'jobs',
  `jobs.${MODEL}.1.interactive`,
  'ends.0a0b0c0d',
  'ends.0a0b0c0d.x.y',
  '$KV.ROLLOUTS.a.b',
  '$KV.OTHER.key',
  '_INBOX.x',
  '_INBOX_other.x',
  '$SYS.REQ.SERVER.PING',
  '$JS.FC.ENDS.x',
  '$JS.EVENT.METRIC.x',
];

type Right = 'publish' | 'subscribe';
type Rights = ReadonlyMap<string, ReadonlySet<Right>>;

/** It has no streams, so that what an admin may do changes nothing. */
let nats: RoleNats;

beforeAll(async () => {
  nats = await startNatsWithRoles();
});

afterAll(() => nats?.[Symbol.asyncDispose]());

test('the table names each stream and each request that changes one', () => {
  const named = [...rightsOf('admin').keys()];
  for (const request of ['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'MSG.GET', 'MSG.DELETE'])
    for (const stream of STREAMS) expect(named).toContain(`$JS.API.STREAM.${request}.${stream}`);
});

describe.each(BROKER_ROLES)('%s', (role) => {
  test('is refused each subject that the table does not give it, and no other', async () => {
    const rights = rightsOf(role);
    const all = [...rights.keys(), ...UNLISTED];
    const forbidden = (right: Right) => all.filter((subject) => !rights.get(subject)?.has(right)).toSorted();
    expect(await refused('publish', role, all)).toEqual(forbidden('publish'));
    expect(await refused('subscribe', role, all)).toEqual(forbidden('subscribe'));
  });

  test('may not listen to everything, nor to the replies of others', async () => {
    const others = BROKER_ROLES.filter((other) => other !== role).map((other) => `_INBOX_${other}.>`);
    const subjects = [
      '>',
      '*.>',
      '_INBOX.>',
      '$JS.>',
      'jobs.>',
      'ends.>',
      'requests.>',
      ...others,
    ].toSorted();
    expect(await refused('subscribe', role, subjects)).toEqual(subjects);
  });
});

test('a worker that publishes a job or makes a stream leaves nothing behind', async () => {
  await using provisioned = await startNatsWithRoles();
  await provisionRoles(provisioned);
  const [worker, admin] = await Promise.all([provisioned.connect('worker'), provisioned.connect('admin')]);
  try {
    const manager = await jetstreamManager(admin);
    worker.publish(`jobs.${MODEL}.1.interactive.9999999999.0a0b0c0d_0123456789abcdef`, '{}');
    worker.publish('$JS.API.STREAM.CREATE.MINE', JSON.stringify({ name: 'MINE', subjects: ['mine'] }));
    worker.publish('$JS.API.STREAM.DELETE.ENDS');
    await worker.flush();
    expect((await manager.streams.info(QUEUE)).state.last_seq).toBe(0);
    expect((await Array.fromAsync(manager.streams.names())).toSorted()).toEqual(
      STREAMS.filter((name) => name !== streams.results).toSorted(),
    );
  } finally {
    await Promise.all([worker.close(), admin.close()]);
  }
});

test('a worker or an observer cannot have what is stored sent on as an API key', async () => {
  await using provisioned = await startNatsWithRoles();
  await provisionRoles(provisioned);
  const [worker, observer, admin] = await Promise.all(
    (['worker', 'observer', 'admin'] as const).map((role) => provisioned.connect(role)),
  );
  if (worker === undefined || observer === undefined || admin === undefined) throw new Error('three connect');
  try {
    const manager = await jetstreamManager(admin);
    const record = { v: 1, owner: 'mallory', role: 'operator', digest: 'a'.repeat(64), createdAt: 1 };
    const wanted = JSON.stringify({ last_by_subj: 'chunks.made.0', no_hdr: true });
    worker.publish('chunks.made.0', JSON.stringify(record));
    await worker.flush();
    for (const [i, connection] of [worker, observer].entries()) {
      connection.publish('$JS.API.DIRECT.GET.CHUNKS.chunks.made.0', wanted, { reply: `keys.${i}.created` });
      connection.publish('$JS.API.DIRECT.GET.CHUNKS', wanted, { reply: `keys.${i}.created` });
      connection.publish('$JS.API.STREAM.MSG.GET.CHUNKS', wanted, { reply: `keys.${i}.created` });
      await connection.flush();
      const stored = await eventually(
        () => manager.streams.getMessage(streams.keys, { last_by_subj: `keys.${i}.created` }),
        (message) => message !== null,
      );
      // The answer to the last request alone, which is no record of a key.
      expect(stored?.seq).toBe(i + 1);
      expect(() => decodeKeyRecord(stored?.data ?? new Uint8Array())).toThrow();
    }
  } finally {
    await Promise.all([worker.close(), observer.close(), admin.close()]);
  }
});

/** @returns those of the subjects that the broker refuses to a role, in order. */
async function refused(
  right: Right,
  role: BrokerRole,
  subjects: readonly string[],
): Promise<readonly string[]> {
  const connection = await nats.connect(role);
  const heard = hearRefusals(connection);
  for (const subject of subjects) {
    if (right === 'publish') connection.publish(subject);
    else connection.subscribe(subject, { callback: () => {} });
  }
  await connection.flush();
  await connection.close();
  return (await heard).toSorted();
}

async function hearRefusals(connection: NatsConnection): Promise<readonly string[]> {
  const subjects = new Set<string>();
  for await (const status of connection.status())
    if (status.type === 'error' && status.error instanceof PermissionViolationError)
      subjects.add(status.error.subject);
  return [...subjects];
}

/** What the table gives to a role, by subject. */
function rightsOf(role: BrokerRole): Rights {
  const [, section = ''] = readDocument('docs/protocol.md').split('\n## Roles\n');
  const [table = ''] = section.split('\n## ');
  const rows = table.matchAll(/^\| (`[^|]+`) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm);
  const rights = new Map<string, ReadonlySet<Right>>();
  for (const [, patterns = '', ...cells] of rows) {
    const cell = cells[BROKER_ROLES.indexOf(role)]?.trim() ?? '';
    const given = new Set<Right>(
      cell === 'both' ? ['publish', 'subscribe'] : cell === '' ? [] : [cell as Right],
    );
    for (const [, pattern = ''] of patterns.matchAll(/`([^`]+)`/g))
      for (const subject of subjectsOf(pattern)) rights.set(subject, given);
  }
  return rights;
}

/** The subjects that a pattern stands for: of its parts all that `PARTS` has, else one. */
function subjectsOf(pattern: string): readonly string[] {
  const [placeholder, part = ''] = /<(\w+)>/.exec(pattern) ?? [];
  if (placeholder === undefined) return [pattern];
  return (PARTS[part] ?? [`a-${part}`]).flatMap((value) => subjectsOf(pattern.replace(placeholder, value)));
}
