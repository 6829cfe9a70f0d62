/** `npm start`: its banner, its access rights, and how its processes start and end. */
import { chmod, mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  collect,
  fieldOf,
  onlyTask,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  post,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { modeOf } from '../support/files.ts';
import { freePort } from '../support/freePort.ts';
import { MODELS } from '../support/models.ts';
import { brokerLogin, connectToBroker, type StartedSystem, startSystem } from '../support/npmStart.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { commandLine, isRunning } from '../support/processTable.ts';

describe('a system that runs', () => {
  let folder: AsyncDisposable & { readonly path: string };
  let system: StartedSystem;

  beforeAll(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
    // The data folder exists before, and every user can write to it.
    const dataDir = join(folder.path, 'data');
    await mkdir(dataDir);
    await chmod(dataDir, 0o777);
    await writeFile(join(dataDir, 'nats-server.conf'), '{}', { mode: 0o666 });
    system = await startSystem({ DATA_DIR: dataDir });
    await system.banner();
  });

  afterAll(async () => {
    for (const opened of [system, folder]) await opened?.[Symbol.asyncDispose]();
  });

  test('prints the address of GraphiQL and a mutation to paste', async () => {
    const banner = await system.banner();
    expect(banner).toMatch(/Open GraphiQL at http:\/\/127\.0\.0\.1:\d+\/graphql/);
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

  test('refuses a second instance on its data folder, with the process that uses it', async () => {
    await using second = await startSystem({ DATA_DIR: system.dataDir });
    expect(await second.exitCode()).toBe(78);
    expect(second.errors()).toContain(`process ${system.pid} (`);
    expect(second.errors()).toContain(system.dataDir);
  });

  test('removes the access of other users to its data folder', async () => {
    expect(await modeOf(system.dataDir)).toBe('700');
    for (const name of ['nats-server.conf', 'nats-url', 'nats-server.log'])
      expect(await modeOf(join(system.dataDir, name)), name).toBe('600');
  });

  test('has a broker that refuses clients without the login, which is only in private files', async () => {
    const [natsServer, worker, gateway] = await system.pids();
    const login = await brokerLogin(system.dataDir);
    const { url, password } = login;
    await expect(connectToBroker({ url })).rejects.toThrow(/Authorization Violation/);
    await expect(connectToBroker({ url, password: `${password}x` })).rejects.toThrow(
      /Authorization Violation/,
    );
    await (await connectToBroker(login)).close();
    expect(password.length).toBeGreaterThanOrEqual(43);

    for (const pid of [system.pid, natsServer, worker, gateway])
      expect(commandLine(pid)).not.toContain(password);
    for (const name of await readdir(system.dataDir)) {
      if (name === 'nats-server.conf' || name === 'nats-url' || name === 'jetstream') continue;
      expect(await readFile(join(system.dataDir, name), 'utf8'), name).not.toContain(password);
    }
    process.kill(natsServer, 'SIGKILL');
    await system.log.next({ msg: 'nats-server is ready' });
    await (await connectToBroker(login)).close();
    expect(system.output()).not.toContain(password);
  });
});

// The tests run at the same time, since they mostly wait for processes to start and to end.
describe.concurrent('a new system', () => {
  test('proposes a mutation for a model that its worker serves', async () => {
    await using system = await startSystem({ MODELS_DIR: MODELS, WORKER_MODELS: 'churn/1' });
    expect(await system.banner()).toContain('mutation { predictChurn(input: {');
  });

  test('shares a port among several gateways, and the work among several workers', async () => {
    await using system = await startSystem({
      GATEWAYS: '2',
      WORKERS: '2',
      PORT: String(await freePort()),
    });
    const url = await system.url();
    const clients = Array.from({ length: 20 }, () => openWebSocket(url));
    // Each result is read on another connection than its mutation, often on another gateway.
    const results = await Promise.all(
      clients.map(async (client, i) => {
        const input = { input: tripNumber(i), options: { timeoutMs: 60_000 } };
        const [answer = {}] = await collect(overWebSocket(client, PREDICT_TRIP, input));
        const other = clients[(i + 1) % clients.length] ?? client;
        return onlyTask(overWebSocket(other, TASK_RESULT, { id: taskIn(answer, 'predictTrip').id }));
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
  });

  test('ends all processes at Ctrl-C, with exit code 0', async () => {
    await using system = await startSystem();
    await system.banner();
    const pids = await system.pids();
    const { password } = await brokerLogin(system.dataDir);
    system.kill('SIGINT');
    expect(await system.exitCode()).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(system.output()).not.toContain(password);
  });

  test('leaves only nats-server running after kill -9, and the next start ends that one', async () => {
    await using first = await startSystem();
    await first.banner();
    const [natsServer, worker, gateway] = await first.pids();
    const before = await brokerLogin(first.dataDir);
    first.kill('SIGKILL');
    await first.exitCode();
    await eventually(
      () => [worker, gateway].filter(isRunning),
      (left) => left.length === 0,
    );
    expect(commandLine(natsServer)).toContain('nats-server');

    await using second = await startSystem({ DATA_DIR: first.dataDir });
    expect(
      await second.log.next({ msg: 'ending the nats-server that an earlier run left behind' }),
    ).toMatchObject({ pid: natsServer });
    await second.banner();
    expect(isRunning(natsServer)).toBe(false);
    const after = await brokerLogin(second.dataDir);
    expect(after.password).not.toBe(before.password);
    await expect(connectToBroker({ ...after, password: before.password })).rejects.toThrow(
      /Authorization Violation/,
    );
  });
});

/** The gateway that accepted a task. It is a part of the id (docs/protocol.md). */
function homeOf(taskId: string): string | undefined {
  return taskId.split('_').at(-3);
}
