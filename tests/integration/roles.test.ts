/** The rights of each role at a real nats-server are those of the table in docs/protocol.md, and no more. */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROKER_ROLES, type BrokerRole } from '../../src/broker/roles.ts';
import { streams } from '../../src/contract/subjects.ts';
import { readDocument } from '../support/documents.ts';
import { provisionRoles, type RoleNats, startNatsWithRoles } from '../support/roles.ts';

const MODEL = 'trip-duration';
const QUEUE = streams.jobs(MODEL);
const STREAMS = Object.values(streams).map((name) => (typeof name === 'string' ? name : name(MODEL)));
/** The streams in the account of the admin. */
const GUARDED: readonly string[] = [streams.audit, streams.keys];
const REAL_KEY = 'abcdef012345';
const AN_END = 'ends.0a.1.home.bundle';
const A_JOB = `jobs.${MODEL}.1.interactive.9999999999.bundle`;
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
  '$JS.OTHER.API.STREAM.INFO.ENDS',
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
    const [manager, guarded] = await Promise.all([
      jetstreamManager(admin, { apiPrefix: '$JS.TIDINGS.API' }),
      jetstreamManager(admin),
    ]);
    worker.publish(`jobs.${MODEL}.1.interactive.9999999999.0a0b0c0d_0123456789abcdef`, '{}');
    worker.publish('$JS.API.STREAM.CREATE.MINE', JSON.stringify({ name: 'MINE', subjects: ['mine'] }));
    worker.publish('$JS.API.STREAM.DELETE.ENDS');
    await worker.flush();
    expect((await manager.streams.info(QUEUE)).state.last_seq).toBe(0);
    const names = (of: JetStreamManager) => Array.fromAsync(of.streams.names());
    expect((await names(guarded)).toSorted()).toEqual(GUARDED);
    expect((await names(manager)).toSorted()).toEqual(
      STREAMS.filter((name) => name !== streams.results && !GUARDED.includes(name)).toSorted(),
    );
  } finally {
    await Promise.all([worker.close(), admin.close()]);
  }
});

describe('replies that a role has sent to a subject where it may not publish', () => {
  const opened = new AsyncDisposableStack();
  const connections = new Map<BrokerRole, NatsConnection>();
  /** Of the account of gateways and workers, and of that of the admin. */
  let tasks: JetStreamManager;
  let guarded: JetStreamManager;

  beforeAll(async () => {
    const provisioned = opened.use(await startNatsWithRoles());
    await provisionRoles(provisioned);
    for (const role of BROKER_ROLES) {
      const connection = await provisioned.connect(role);
      connections.set(role, connection);
      opened.defer(() => connection.close());
    }
    tasks = await jetstreamManager(connectionOf('admin'), { apiPrefix: '$JS.TIDINGS.API' });
    guarded = await jetstreamManager(connectionOf('admin'));
    const record = { v: 1, owner: 'shop', role: 'submitter', digest: 'a'.repeat(64), createdAt: 1 };
    await tell('admin', `keys.${REAL_KEY}.created`, JSON.stringify(record));
    await tell('worker', 'chunks.made.0', JSON.stringify({ ...record, role: 'operator' }));
    await tell('gateway', 'audit.actions.0', 'an entry');
    await tell('gateway', AN_END, 'the ends of a bundle');
    await tell('gateway', A_JOB, 'a job');
    await tell('gateway', '$KV.ROLLOUTS.a', 'a rollout');
  });

  afterAll(() => opened.disposeAsync());

  function connectionOf(role: BrokerRole): NatsConnection {
    const connection = connections.get(role);
    if (connection === undefined) throw new Error(`${role} is connected`);
    return connection;
  }

  /** Stores a message, and waits until it is stored. */
  async function tell(role: BrokerRole, subject: string, payload: string): Promise<void> {
    await connectionOf(role).request(subject, payload, { timeout: 5_000 });
  }

  /** All that a role may ask of the broker, each with the reply sent to each of the subjects. */
  async function misdirect(role: BrokerRole, replies: readonly string[]): Promise<void> {
    const connection = connectionOf(role);
    const asked: readonly (readonly [string, string])[] = [
      ['$JS.API.DIRECT.GET.CHUNKS.chunks.made.0', ''],
      ['$JS.API.DIRECT.GET.ENDS.ends.there.is.no.such', ''],
      ['$JS.TIDINGS_ADMIN.API.DIRECT.GET.AUDIT', JSON.stringify({ seq: 1 })],
      ['$JS.TIDINGS_ADMIN.API.STREAM.INFO.KEYS', ''],
      ['$JS.API.STREAM.INFO.ENDS', ''],
      ['$JS.API.STREAM.MSG.GET.CHUNKS', JSON.stringify({ seq: 1 })],
      [`$JS.API.CONSUMER.MSG.NEXT.${QUEUE}.v1_bulk`, JSON.stringify({ batch: 1, no_wait: true })],
      ['$SYS.REQ.USER.INFO', ''],
    ];
    for (const reply of replies)
      for (const [subject, payload] of asked) connection.publish(subject, payload, { reply });
    await connection.flush();
    // A request goes the way of those before it, so by its answer they have theirs.
    await connection.request('$JS.API.STREAM.INFO.ENDS', '', { timeout: 5_000 });
    await tasks.streams.info(streams.ends);
  }

  const statesOf = async (manager: JetStreamManager) =>
    (await Array.fromAsync(manager.streams.list()))
      .map(({ config, state }) => ({ name: config.name, messages: state.messages, last: state.last_seq }))
      .toSorted((one, other) => one.name.localeCompare(other.name));

  test.each(['gateway', 'worker', 'observer'] as const)(
    'to the role %s neither make nor revoke an API key, and delete neither keys nor the audit',
    async (role) => {
      const before = await statesOf(guarded);
      await misdirect(role, [
        'keys.0123456789ab.created',
        `keys.${REAL_KEY}.created`,
        `keys.${REAL_KEY}.revoked`,
        ...['KEYS', 'AUDIT'].flatMap((stream) =>
          ['$JS.API', '$JS.TIDINGS_ADMIN.API'].flatMap((api) =>
            ['DELETE', 'PURGE'].map((request) => `${api}.STREAM.${request}.${stream}`),
          ),
        ),
      ]);
      expect(await statesOf(guarded)).toEqual(before);
    },
  );

  test('to an observer reach no stream at all', async () => {
    const before = [await statesOf(tasks), await statesOf(guarded)];
    await misdirect('observer', [
      AN_END,
      A_JOB,
      'requests.0a0b',
      'dead.a.b',
      'suspects.a',
      'actuals.a.1.b',
      '$KV.ROLLOUTS.a',
      'audit.actions.0',
      'keyuses.a',
      ...STREAMS.flatMap((stream) =>
        ['DELETE', 'PURGE'].map((request) => `$JS.API.STREAM.${request}.${stream}`),
      ),
    ]);
    expect([await statesOf(tasks), await statesOf(guarded)]).toEqual(before);
  });

  test('to an observer come to it: it reads the streams of both accounts, and hears what is stored', async () => {
    const observer = connectionOf('observer');
    const [ofTasks, ofAdmin] = await Promise.all([
      jetstreamManager(observer),
      jetstreamManager(observer, { apiPrefix: '$JS.TIDINGS_ADMIN.API', checkAPI: false }),
    ]);
    const heard = Promise.withResolvers<string>();
    observer.subscribe('ended.*.*', { callback: (_problem, message) => heard.resolve(message.string()) });
    await observer.flush();
    await tell('gateway', 'ends.0b.1.home.other', 'other ends');
    expect(await heard.promise).toBe('other ends');
    expect((await Array.fromAsync(ofTasks.streams.list())).length).toBe(
      (await Array.fromAsync(tasks.streams.list())).length,
    );
    expect((await ofTasks.streams.getMessage(streams.ends, { last_by_subj: AN_END }))?.string()).toBe(
      'the ends of a bundle',
    );
    expect((await Array.fromAsync(ofTasks.consumers.list(QUEUE))).length).toBeGreaterThan(0);
    expect((await ofTasks.consumers.info(QUEUE, 'v1_bulk')).stream_name).toBe(QUEUE);
    expect((await Array.fromAsync(ofAdmin.streams.names())).toSorted()).toEqual(GUARDED);
    for (const name of GUARDED) {
      expect((await ofAdmin.streams.info(name)).config.name).toBe(name);
      expect(await ofAdmin.streams.getMessage(name, { seq: 1 })).not.toBeNull();
    }
  });

  test('to a gateway that answers its own question go to gateways only', async () => {
    const gateway = connectionOf('gateway');
    const refusal = Promise.withResolvers<string>();
    void hearRefusals(gateway, refusal.resolve);
    gateway.subscribe('present.me', { callback: (_problem, message) => void message.respond('forged') });
    gateway.publish('present.me', '', { reply: 'dead.forged.b' });
    expect(await refusal.promise).toBe('dead.forged.b');
    expect(await tasks.streams.getMessage(streams.dead, { last_by_subj: 'dead.forged.b' })).toBeNull();
  });

  test('to a gateway or a worker reach a stream of tasks, as docs/protocol.md tells', async () => {
    for (const role of ['gateway', 'worker'] as const) {
      await misdirect(role, [`requests.${role}`]);
      expect(
        await tasks.streams.getMessage(streams.requests, { last_by_subj: `requests.${role}` }),
      ).not.toBeNull();
    }
  });
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

async function hearRefusals(
  connection: NatsConnection,
  onRefused: (subject: string) => void = () => {},
): Promise<readonly string[]> {
  const subjects = new Set<string>();
  for await (const status of connection.status()) {
    if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
    subjects.add(status.error.subject);
    onRefused(status.error.subject);
  }
  return [...subjects];
}

/** What the table gives to a role, by subject. */
function rightsOf(role: BrokerRole): Rights {
  const [, section = ''] = readDocument('docs/protocol.md').split('\n## Roles\n');
  const [table = ''] = section.split('\n## ');
  const rows = table.matchAll(/^\| (`[^|]+`) \|(.*)\|$/gm);
  const rights = new Map<string, ReadonlySet<Right>>();
  for (const [, patterns = '', cells = ''] of rows) {
    const cell = cells.split('|')[BROKER_ROLES.indexOf(role)]?.trim() ?? '';
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
