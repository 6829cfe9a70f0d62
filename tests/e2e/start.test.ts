/** `npm start`: its banner, its access rights, and how its processes start and end. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSeed } from '../../src/broker/roleKeys.ts';
import { BROKER_ROLES } from '../../src/broker/roles.ts';
import {
  collect,
  fieldOf,
  onlyTask,
  openWebSocket,
  overWebSocket,
  post,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { modeOf } from '../support/files.ts';
import { freePort } from '../support/freePort.ts';
import { MODELS } from '../support/models.ts';
import { brokerKey, connectToBroker, type StartedSystem, startSystem } from '../support/npmStart.ts';
import { startWorker } from '../support/processes.ts';
import { commandLine, descendantsOf, isRunning } from '../support/processTable.ts';

describe('a system that runs', () => {
  let folder: AsyncDisposable & { readonly path: string };
  /** The test that kills it replaces it with another one, on the same data folder. */
  let system: StartedSystem;

  beforeAll(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
    // The data folder exists before, and every user can write to it.
    const dataDir = join(folder.path, 'data');
    await mkdir(dataDir);
    await chmod(dataDir, 0o777);
    await writeFile(join(dataDir, 'nats-server.conf'), '{}', { mode: 0o666 });
    system = await startSystem({ DATA_DIR: dataDir, TRAINERS: '1' });
    await system.banner();
  });

  afterAll(async () => {
    for (const opened of [system, folder]) await opened?.[Symbol.asyncDispose]();
  });

  test('prints the addresses of the console and of GraphiQL, and a mutation to paste', async () => {
    const banner = await system.banner();
    expect(banner).toMatch(/Open the console at http:\/\/127\.0\.0\.1:\d+\/console\/\n/);
    expect(banner).toMatch(/or GraphiQL at http:\/\/127\.0\.0\.1:\d+\/graphql/);
    expect(banner).toContain('mutation { predictTrip(input: { pickupLocationId: 74, dropoffLocationId: 75,');
    expect(banner).toContain('... on TripPrediction { durationMinutes }');
  });

  test('starts gateway, worker and nats-server again after kill -9', async () => {
    for (const name of ['nats-server', 'worker', 'gateway']) {
      const { pid } = await system.log.newest({ msg: `${name} is ready` });
      process.kill(pid, 'SIGKILL');
      await system.log.next({ msg: `${name} ended, starting it again` });
      await system.log.next({ msg: `${name} is ready` });
    }
  });

  test('leaves only nats-server running after kill -9, and the next start ends that one', async () => {
    const killed = system;
    const [natsServer, worker, gateway] = await killed.pids();
    const before = await brokerKey(killed.dataDir, 'admin');
    killed.kill('SIGKILL');
    await killed.exitCode();
    await eventually(
      () => [worker, gateway].filter(isRunning),
      (left) => left.length === 0,
    );
    expect(commandLine(natsServer)).toContain('nats-server');
    await killed[Symbol.asyncDispose]();

    system = await startSystem({ DATA_DIR: killed.dataDir, TRAINERS: '1' });
    expect(
      await system.log.next({ msg: 'ending the nats-server that an earlier run left behind' }),
    ).toMatchObject({ pid: natsServer });
    await system.banner();
    expect(isRunning(natsServer)).toBe(false);
    expect(await brokerKey(system.dataDir, 'admin')).not.toBe(before);
    await expectRefused(system.dataDir, 'admin', before);
  });

  test('refuses a second instance on its data folder, with the process that uses it', async () => {
    await using second = await startSystem({ DATA_DIR: system.dataDir });
    expect(await second.exitCode()).toBe(78);
    expect(second.errors()).toContain(`process ${system.pid} (`);
    expect(second.errors()).toContain(system.dataDir);
  });

  test('removes the access of other users to its data folder', async () => {
    expect(await modeOf(system.dataDir)).toBe('700');
    const keys = BROKER_ROLES.map((role) => `keys/${role}.nk`);
    for (const name of ['nats-server.conf', 'nats-url', 'gateway-url', 'nats-server.log', ...keys])
      expect(await modeOf(join(system.dataDir, name)), name).toBe('600');
  });

  test('has a broker that refuses clients without a key, and the keys are only in private files', async () => {
    const [natsServer, worker, gateway] = await system.pids();
    const { dataDir } = system;
    const seeds = await Promise.all(BROKER_ROLES.map((role) => brokerKey(dataDir, role)));
    await expectRefused(dataDir, 'observer');
    await expectRefused(dataDir, 'observer', newSeed());
    for (const [i, role] of BROKER_ROLES.entries())
      await (await connectToBroker(dataDir, role, seeds[i])).close();

    for (const seed of seeds) {
      for (const pid of [system.pid, natsServer, worker, gateway])
        expect(commandLine(pid)).not.toContain(seed);
      for (const entry of await readdir(dataDir, { withFileTypes: true })) {
        if (entry.isFile())
          expect(await readFile(join(dataDir, entry.name), 'utf8'), entry.name).not.toContain(seed);
      }
      expect(system.output()).not.toContain(seed);
    }
    process.kill(natsServer, 'SIGKILL');
    await system.log.next({ msg: 'nats-server is ready' });
    await (await connectToBroker(dataDir, 'observer', seeds[BROKER_ROLES.indexOf('observer')])).close();
  });

  test('lets another worker of its user in, with the address and the key that lie in its data folder', async () => {
    const at = (name: string) => join(system.dataDir, name);
    const url = (await readFile(at('nats-url'), 'utf8')).trim();
    await using worker = await startWorker({ url }, { NATS_NKEY_FILE: at('keys/worker.nk') });
    expect(worker.output()).not.toContain('Permissions Violation');
  });

  test.runIf(process.platform === 'linux')(
    'names the key of its own role to each process, and none to nats-server and the processes with models',
    async () => {
      const [natsServer, worker, gateway] = await system.pids();
      const keysNamedTo = async (pid: number) =>
        (await readFile(`/proc/${pid}/environ`, 'utf8'))
          .split('\0')
          .filter((variable) => variable.endsWith('.nk'))
          .map((variable) => basename(variable, '.nk'));
      expect(await keysNamedTo(gateway)).toEqual(['gateway']);
      expect(await keysNamedTo(worker)).toEqual(['worker']);
      expect(await keysNamedTo(natsServer)).toEqual([]);
      const sessions = descendantsOf({ pid: worker });
      expect(sessions.length).toBeGreaterThan(0);
      for (const pid of sessions) expect(await keysNamedTo(pid)).toEqual([]);
    },
  );
});

/** A model with more inputs than another one, which the banner would propose if it was served. */
const CHURN = { MODELS_DIR: MODELS, WORKER_MODELS: 'churn/1' };
const PREDICT_CHURN = `mutation ($input: PredictChurnInput!, $options: TaskOptions) {
  predictChurn(input: $input, options: $options) { id } }`;
const { example } = JSON.parse(readFileSync(join(MODELS, 'churn/model.json'), 'utf8'));

describe('a system of several gateways and workers', () => {
  test('shares a port and the work among them, proposes a mutation that they serve, and ends at Ctrl-C with exit code 0', async () => {
    await using system = await startSystem({
      ...CHURN,
      GATEWAYS: '2',
      WORKERS: '2',
      PORT: String(await freePort()),
    });
    expect(await system.banner()).toContain('mutation { predictChurn(input: {');
    const url = await system.url();
    const clients = Array.from({ length: 20 }, () => openWebSocket(url));
    // Each result is read on another connection than its mutation, often on another gateway.
    const results = await Promise.all(
      clients.map(async (client, i) => {
        const variables = { input: example, options: { timeoutMs: 60_000 } };
        const [answer = {}] = await collect(overWebSocket(client, PREDICT_CHURN, variables));
        const other = clients[(i + 1) % clients.length] ?? client;
        return onlyTask(overWebSocket(other, TASK_RESULT, { id: taskIn(answer, 'predictChurn').id }));
      }),
    );
    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(['SUCCEEDED']));
    expect(new Set(results.map(({ id }) => homeOf(id))).size).toBe(2);
    expect(fieldOf(await post(url, '{ health { workers { id } } }'))).toMatchObject({
      workers: [{}, {}],
    });

    const { pid } = await system.log.find({ msg: 'gateway 1 is ready' });
    process.kill(pid, 'SIGKILL');
    await system.log.next({ msg: 'gateway 1 ended, starting it again' });
    const late = openWebSocket(url);
    const again = await Promise.all(
      results.map(({ id }) => onlyTask(overWebSocket(late, TASK_RESULT, { id }))),
    );
    expect(again).toEqual(results);
    await Promise.all([...clients, late].map((client) => client.dispose()));

    await system.log.next({ msg: 'gateway 1 is ready' });
    const pids = descendantsOf(system);
    system.kill('SIGINT');
    expect(await system.exitCode()).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(await readdir(system.dataDir)).not.toContain('gateway-url');
    expect(system.output()).not.toContain('Permissions Violation');
  });
});

/** On a busy machine a connection may time out before it is refused. It is then made again. */
async function expectRefused(...login: Parameters<typeof connectToBroker>): Promise<void> {
  const connect = () =>
    connectToBroker(...login).then(
      (connection) => connection.close().then(() => 'connected'),
      ({ message }: Error) => message,
    );
  expect(await eventually(connect, (outcome) => outcome !== 'timeout')).toContain('Authorization Violation');
}

/** The gateway that accepted a task. It is a part of the id (docs/protocol.md). */
function homeOf(taskId: string): string | undefined {
  return taskId.split('_').at(-3);
}
