import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { parseTaskId } from '../../src/contract/task.ts';
import { type System, supervise } from '../../src/launcher/supervisor.ts';
import { readConfig } from '../../src/process/config.ts';
import { commandLine } from '../../src/process/processLock.js';
import {
  collect,
  fieldOf,
  onlyTask,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  post,
  sse,
  TASK_RESULT,
  taskIn,
} from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { LINE_MODELS, MODELS } from '../support/models.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';

const START = join(import.meta.dirname, '../../src/start.ts');

describe('the supervisor, with small programs as gateway and worker', () => {
  // At the same time: mostly they wait for pauses and for the time to leave.
  test.concurrent('a worker that is killed is started again, and the log says so', async () => {
    await using system = await runPrograms();
    await system.ready;
    const first = await system.log.next({ msg: 'worker is ready' });
    process.kill(first.pid, 'SIGKILL');
    expect(await system.log.next({ msg: 'worker ended, starting it again' })).toMatchObject({
      signal: 'SIGKILL',
      pauseMs: 200,
    });
    const second = await system.log.next({ msg: 'worker is ready' });
    expect(second.pid).not.toBe(first.pid);
  });

  test.concurrent('a nats-server that is killed comes back on the same port', async () => {
    await using system = await runPrograms();
    const first = await system.log.next({ msg: 'nats-server is ready' });
    process.kill(first.pid, 'SIGKILL');
    const second = await system.log.next({ msg: 'nats-server is ready' });
    expect(second.pid).not.toBe(first.pid);
    expect(second.address).toBe(first.address);
  });

  test.concurrent('a process that keeps failing is started again after longer and longer pauses', async () => {
    await using system = await runPrograms({ worker: 'process.exit(3);' });
    for (const pauseMs of [200, 400, 800]) {
      expect(await system.log.next({ msg: 'worker ended, starting it again' })).toMatchObject({
        code: 3,
        pauseMs,
      });
    }
  });

  test.concurrent('a start that takes long says what it waits for', async () => {
    await using system = await runPrograms({ worker: 'setInterval(() => {}, 1_000);' });
    expect(await system.log.next({ msg: 'still waiting for: worker' })).toBeDefined();
  });

  test.concurrent('exit code 78 of one process stops everything with 78', async () => {
    await using system = await runPrograms({
      worker: `process.on('SIGUSR2', () => process.exit(78)); ${READY}`,
    });
    await system.ready;
    const { pid } = await system.log.find({ msg: 'worker is ready' });
    process.kill(pid, 'SIGUSR2');
    expect(await system.exitCode).toBe(78);
    expect(await system.trace()).toBe('gateway stopped\n');
  });

  test.concurrent('an interrupt stops the gateway, then the worker, and nats-server last', async () => {
    await using system = await runPrograms();
    const { pid } = await system.log.next({ msg: 'nats-server is ready' });
    await system.ready;
    system.interrupt();
    expect(await system.exitCode).toBe(0);
    expect(await system.trace()).toBe('gateway stopped\nworker stopped, nats-server runs\n');
    expect(commandLine(pid)).toBeUndefined();
  });

  test.concurrent('a process that does not leave when asked is killed, and the end comes within ten seconds', async () => {
    await using system = await runPrograms({ gateway: DEAF });
    await system.ready;
    const interruptedAt = performance.now();
    system.interrupt();
    expect(await system.exitCode).toBe(0);
    expect(performance.now() - interruptedAt).toBeLessThan(10_000);
  });

  test.concurrent('a gateway that drains is given DRAIN_MS more, and worker and nats-server run as long', async () => {
    await using system = await runPrograms({
      drainMs: 10_000,
      stopWithinMs: { worker: 5_500, gateway: 0 },
      // Longer than one that does not drain may take.
      gateway: `
        process.on('SIGTERM', () => setTimeout(() => { trace('gateway drained'); process.exit(0); }, 100));
        ${READY}
      `,
    });
    await system.ready;
    system.interrupt();
    expect(await system.exitCode).toBe(0);
    expect(await system.trace()).toBe('gateway drained\nworker stopped, nats-server runs\n');
  });

  test('a second interrupt forces the end, unless it follows the first at once', async () => {
    await using system = await runPrograms({ gateway: DEAF, worker: DEAF });
    await system.ready;
    const interruptedAt = performance.now();
    system.interrupt();
    // As often as somebody leans on the keys: the ones of the first second count for nothing.
    const leaning = setInterval(system.interrupt, 50);
    expect(await system.exitCode).toBe(130);
    clearInterval(leaning);
    const tookMs = performance.now() - interruptedAt;
    expect(tookMs).toBeGreaterThan(1_000);
    expect(tookMs).toBeLessThan(2_500);
  });
});

describe('npm start', () => {
  test('ends its start with the address of GraphiQL and a mutation to paste', async () => {
    await using system = await start({ MODELS_DIR: MODELS });
    const banner = await system.banner;
    expect(banner).toMatch(/Open GraphiQL at http:\/\/127\.0\.0\.1:\d+\/graphql/);
    expect(banner).toContain('mutation { predictTrip(input: { pickupLocationId: 74, dropoffLocationId: 75,');
    expect(banner).toContain('... on TripPrediction { durationMinutes }');
  });

  test('proposes a mutation of what its worker serves', async () => {
    await using system = await start({ MODELS_DIR: MODELS, WORKER_MODELS: 'churn/1' });
    expect(await system.banner).toContain('mutation { predictChurn(input: {');
  });

  test('says so where what its worker is to serve is not there', async () => {
    await using system = await start({ MODELS_DIR: MODELS, WORKER_MODELS: 'churn/99' });
    expect(await system.banner).toContain('serves nothing yet');
  });

  test('gateway, worker and nats-server are each started again after kill -9', async () => {
    await using system = await start();
    for (const name of ['nats-server', 'worker', 'gateway']) {
      const { pid } = await system.log.find({ msg: `${name} is ready` });
      process.kill(pid, 'SIGKILL');
      await system.log.next({ msg: `${name} ended, starting it again` });
      await system.log.next({ msg: `${name} is ready` });
    }
  });

  test('several gateways share a port, and several workers the work', async () => {
    await using system = await start({
      GATEWAYS: '2',
      WORKERS: '2',
      PORT: String(await freePort()),
    });
    const [url = ''] = /http:\S+/.exec(await system.banner) ?? [];
    const clients = Array.from({ length: 20 }, () => openWebSocket(url));
    // Each takes the result on another connection than the one of its mutation, often another gateway's.
    const results = await Promise.all(
      clients.map(async (client, i) => {
        const input = { input: tripNumber(i), options: { timeoutMs: 60_000 } };
        const [answer = {}] = await collect(overWebSocket(client, PREDICT_TRIP, input));
        const other = clients[(i + 1) % clients.length] ?? client;
        return onlyTask(overWebSocket(other, TASK_RESULT, { id: taskIn(answer, 'predictTrip').id }));
      }),
    );
    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(['SUCCEEDED']));
    expect(new Set(results.map(({ id }) => parseTaskId(id)?.home)).size).toBe(2);
    expect(fieldOf(await post(url, '{ health { workers { id } } }'))).toMatchObject({
      workers: [{}, {}],
    });

    const { pid } = await system.log.find({ msg: 'gateway 1 is ready' });
    process.kill(pid, 'SIGKILL');
    await system.log.next({ msg: 'gateway 1 ended, starting it again' });
    const again = await Promise.all(
      results.map(({ id }) => onlyTask(overWebSocket(openWebSocket(url), TASK_RESULT, { id }))),
    );
    expect(again).toEqual(results);
    await Promise.all(clients.map((client) => client.dispose()));
  });

  test('several gateways need a port to share', async () => {
    await using system = await start({ GATEWAYS: '2' });
    expect(await system.exitCode).toBe(78);
    expect(system.errors()).toContain('PORT must name the port that 2 gateways share');
  });

  test('Ctrl-C ends every process, with exit code 0', async () => {
    await using system = await start();
    const pids = await system.pids();
    system.kill('SIGINT');
    expect(await system.exitCode).toBe(0);
    expect(pids.map(commandLine)).toEqual(pids.map(() => undefined));
  });

  test('a second instance on the same data folder is told which process has it', async () => {
    await using first = await start();
    await first.banner;
    await using second = await start({ DATA_DIR: first.dataDir });
    expect(await second.exitCode).toBe(78);
    expect(second.errors()).toContain(`process ${first.pid} (`);
    expect(second.errors()).toContain(first.dataDir);
  });

  test('a taken port stops everything and is named', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    await using system = await start({ PORT: port });
    expect(await system.exitCode).toBe(78);
    expect(system.errors()).toContain(`PORT must be free, got ${port}, which another program has taken`);
    taken.close();
  });

  test('after kill -9 its children leave by themselves, and the next start ends the old nats-server', async () => {
    await using first = await start();
    const [natsServer, ...children] = await first.pids();
    await first.banner;
    const before = await brokerLogin(first.dataDir);
    first.kill('SIGKILL');
    await first.exitCode;
    await expect.poll(() => children.map(commandLine)).toEqual([undefined, undefined]);
    expect(commandLine(natsServer ?? 0)).toContain('nats-server');

    await using second = await start({ DATA_DIR: first.dataDir });
    expect(
      await second.log.next({ msg: 'ending the nats-server that an earlier run left behind' }),
    ).toMatchObject({
      pid: natsServer,
    });
    await second.banner;
    expect(commandLine(natsServer ?? 0)).toBeUndefined();
    const after = await brokerLogin(second.dataDir);
    expect(after.password).not.toBe(before.password);
    await expect(connectTo(after.url, { user: 'tidings', pass: before.password })).rejects.toThrow(
      /Authorization Violation/,
    );
  });

  test('its broker refuses clients without the login, which only files of its user and its processes hold', async () => {
    await using system = await start();
    const [natsServer = 0, worker = 0, gateway = 0] = await system.pids();
    await system.banner;
    const { url, password } = await brokerLogin(system.dataDir);
    await expect(connectTo(url)).rejects.toThrow(/Authorization Violation/);
    await expect(connectTo(url, { user: 'tidings', pass: `${password}x` })).rejects.toThrow(
      /Authorization Violation/,
    );
    await (await connectTo(url, { user: 'tidings', pass: password })).close();
    expect(password.length).toBeGreaterThanOrEqual(43);

    expect(await modeOf(system.dataDir)).toBe('700');
    for (const name of ['nats-server.conf', 'nats-url', 'nats-server.log'])
      expect(await modeOf(join(system.dataDir, name)), name).toBe('600');
    for (const pid of [system.pid ?? 0, natsServer, worker, gateway])
      expect(commandLine(pid)).not.toContain(password);
    for (const name of await readdir(system.dataDir)) {
      if (name === 'nats-server.conf' || name === 'nats-url' || name === 'jetstream') continue;
      expect(await readFile(join(system.dataDir, name), 'utf8'), name).not.toContain(password);
    }

    process.kill(natsServer, 'SIGKILL');
    await system.log.next({ msg: 'nats-server is ready' });
    await (await connectTo(url, { user: 'tidings', pass: password })).close();
    system.kill('SIGINT');
    expect(await system.exitCode).toBe(0);
    expect(system.output()).not.toContain(password);
  });

  test('a data folder that others may enter is closed to them, and one that is not ours alone is refused', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
    const before = join(folder.path, 'before');
    await mkdir(before);
    await chmod(before, 0o777);
    await writeFile(join(before, 'nats-server.conf'), '{}', { mode: 0o666 });
    await using closed = await start({ DATA_DIR: before });
    await closed.banner;
    expect(await modeOf(before)).toBe('700');
    expect(await modeOf(join(before, 'nats-server.conf'))).toBe('600');

    const home = join(folder.path, 'home');
    await mkdir(home);
    await writeFile(join(home, 'letters.txt'), '');
    await using refused = await start({ DATA_DIR: home });
    expect(await refused.exitCode).toBe(78);
    expect(refused.errors()).toContain('which holds other files and has mode 0755');
    expect(await modeOf(home)).toBe('755');
  });

  test.runIf(process.getuid?.() === 0)('a data folder of another user is refused', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
    const dataDir = join(folder.path, 'data');
    await mkdir(dataDir, { mode: 0o700 });
    await chown(dataDir, 65_534, 65_534);
    await using system = await start({ DATA_DIR: dataDir });
    expect(await system.exitCode).toBe(78);
    expect(system.errors()).toContain('DATA_DIR must belong to the user who runs Tidings (0)');
  });

  test('streams that do not fit on the disk stop the start, with the sum and the size of the disk', async () => {
    await using system = await start({ RESULT_MAX_BYTES: String(10 ** 15) });
    expect(await system.exitCode).toBe(78);
    // The results, what comes of batches (half of them), request records (a quarter), and all that is small beside these.
    expect(system.errors()).toMatch(
      /room for 16298\d\d GiB, which the streams reserve, got [\d.]+ GiB: lower RESULT_MAX_BYTES, /,
    );
  });

  describe.runIf(canMountDisks)('on a small disk', { concurrent: true }, () => {
    test('starts with smaller stores, says which, and keeps their sizes over a restart with a full store', async () => {
      await using disk = await mountSmallDisk(1024);
      const dataDir = join(disk.path, 'data');
      const saysSizes = async ({ log }: { readonly log: LogLines }) =>
        expect(
          await log.find({ msg: 'the disk of DATA_DIR is small: the stores are smaller than by default' }),
        ).toMatchObject({ room: '1.0 GiB', RESULT_MAX_BYTES: '256 MiB', QUEUE_MAX_BYTES: '8 MiB' });
      {
        await using system = await start({ DATA_DIR: dataDir });
        await saysSizes(system);
        const [url = ''] = /http:\S+/.exec(await system.banner) ?? [];
        const { id } = taskIn(await post(url, PREDICT_TRIP, { input: tripNumber(1) }), 'predictTrip');
        expect(await onlyTask(sse(url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
        const { url: broker, password } = await brokerLogin(dataDir);
        const connection = await connectTo(broker, { user: 'tidings', pass: password });
        const { config } = await (await jetstreamManager(connection)).streams.info('RESULTS');
        expect(config.max_bytes).toBe(256 * 1024 * 1024);
        await connection.close();
      }
      // As much as the stores may take: together with what is left free it is the same room.
      await mkdir(join(dataDir, 'jetstream/jetstream/kept'), { recursive: true });
      execFileSync('fallocate', ['-l', '300MiB', join(dataDir, 'jetstream/jetstream/kept/blocks')]);
      await using again = await start({ DATA_DIR: dataDir });
      await saysSizes(again);
    });

    test.each([600, 1_229])(
      'of %s MiB, which has room for the streams and not for the largest one twice, everything starts',
      async (sizeMib) => {
        await using disk = await mountSmallDisk(sizeMib);
        await using system = await start({ DATA_DIR: join(disk.path, 'data') });
        await Promise.race([system.banner, system.exitCode.then(() => expect.fail(system.output()))]);
      },
    );

    test('is told the room that is needed where there is too little, and where a size that was asked for does not fit', async () => {
      await using disk = await mountSmallDisk(64);
      await using tooSmall = await start({ DATA_DIR: join(disk.path, 'data') });
      expect(await tooSmall.exitCode).toBe(78);
      expect(tooSmall.errors()).toMatch(
        /room for 128 MiB, which the streams reserve, got 6[34] MiB: free some space/,
      );
      await using asked = await start({
        DATA_DIR: join(disk.path, 'data'),
        QUEUE_MAX_BYTES: String(2 ** 30),
      });
      expect(await asked.exitCode).toBe(78);
      expect(asked.errors()).toMatch(/room for 1\.\d GiB.*lower QUEUE_MAX_BYTES, free some space/);
    });

    test('ends with exit code 78 and words where the disk is full already', async () => {
      await using disk = await mountSmallDisk(256);
      const dataDir = join(disk.path, 'data');
      // What an earlier start has stored counts as room for the streams.
      await mkdir(join(dataDir, 'jetstream'), { recursive: true, mode: 0o700 });
      await writeFile(join(dataDir, 'nats-server.conf'), '{}');
      execFileSync('fallocate', ['-l', '180MiB', join(dataDir, 'jetstream/kept')]);
      disk.fill();
      for (const folder of [dataDir, join(disk.path, 'new')]) {
        await using system = await start({ DATA_DIR: folder });
        expect(await system.exitCode).toBe(78);
        expect(system.errors()).toContain(`DATA_DIR must lie on a disk with room, got ${folder} (ENOSPC`);
        expect(system.errors()).not.toContain('foreseen');
      }
    });

    test('restarts its broker once there is room again after the disk was full, and loses no task', async () => {
      await using disk = await mountSmallDisk(256);
      await using system = await start({ DATA_DIR: join(disk.path, 'data') });
      const [url = ''] = /http:\S+/.exec(await system.banner) ?? [];
      const predict = () =>
        post(url, PREDICT_TRIP, { input: tripNumber(1), options: { timeoutMs: 120_000 } });
      const accepted: string[] = [];
      disk.fill();
      const refusal = await eventually(predict, (answer) => {
        if (answer.errors === undefined) accepted.push(taskIn(answer, 'predictTrip').id);
        return answer.errors !== undefined;
      });
      expect(refusal.errors).toMatchObject([
        { extensions: { code: 'BROKER_UNAVAILABLE', retryAfterMs: 1_000 } },
      ]);
      await system.log.find({ msg: 'the disk of DATA_DIR is full: waiting for room' });
      disk.makeRoom();
      await system.log.next({ msg: 'nats-server stores nothing although there is room: restarting it' });
      await system.log.next({ msg: 'nats-server is ready' });
      const again = await eventually(predict, ({ errors }) => errors === undefined);
      for (const id of [...accepted, taskIn(again, 'predictTrip').id])
        expect(await onlyTask(sse(url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
      expect(
        await eventually(
          () => fetch(url.replace('/graphql', '/ready')),
          ({ ok }) => ok,
        ),
      ).toBeDefined();
    });
  });

  test('a wrong configuration is named and nothing is started', async () => {
    await using system = await start({ PORT: 'four thousand' });
    expect(await system.exitCode).toBe(78);
    expect(JSON.parse(system.errors())).toMatchObject({
      level: 60,
      name: 'start',
      msg: 'PORT must be a whole number from 0 to 65535, got "four thousand"',
    });
  });

  test('everything that is wrong is named at once, a line for each, also where LOG_FORMAT is wrong itself', async () => {
    await using system = await start({ PORT: 'http', LOG_FORMAT: 'xml', LOG_LEVEL: 'silent' });
    expect(await system.exitCode).toBe(78);
    const lines = system.errors().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      expect.stringMatching(/^PORT must be/),
      expect.stringMatching(/^LOG_FORMAT must be/),
    ]);
    await using readable = await start({ PORT: 'http', WORKERS: '0', LOG_FORMAT: '' });
    expect(await readable.exitCode).toBe(78);
    expect(readable.errors()).toMatch(
      /FATAL: start: PORT must be[^\n]*\n[^\n]*FATAL: start: WORKERS must be/,
    );
  });
});

/** What the folder says of the broker that runs on it. */
async function brokerLogin(dataDir: string) {
  const { host, password } = new URL(await readFile(join(dataDir, 'nats-url'), 'utf8'));
  return { url: host, password };
}

function connectTo(server: string, login: { user?: string; pass?: string } = {}) {
  return connect({ servers: server, ...login, maxReconnectAttempts: 0 });
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

/** What the small programs below have in common: they tell that they are ready, and end with their supervisor. */
const READY = `
  process.on('disconnect', () => process.exit(0));
  process.send({ type: 'ready', url: 'http://127.0.0.1:1/graphql' });
`;

const DEAF = `
  process.on('SIGTERM', () => {});
  ${READY}
`;

const GATEWAY = `
  process.on('SIGTERM', () => {
    trace('gateway stopped');
    process.exit(0);
  });
  ${READY}
`;

const WORKER = `
  process.on('SIGTERM', () => {
    const { hostname, port } = new URL(process.env.NATS_URL);
    const leave = (broker) => {
      trace('worker stopped, nats-server ' + broker);
      process.exit(0);
    };
    connect(Number(port), hostname).on('data', () => leave('runs')).on('error', () => leave('is gone'));
  });
  ${READY}
`;

/** Supervises a real nats-server and two small programs, in this process. */
async function runPrograms({
  gateway = GATEWAY,
  worker = WORKER,
  drainMs = 0,
  stopWithinMs,
}: Partial<Pick<System, 'gateway' | 'worker' | 'stopWithinMs'>> & { drainMs?: number } = {}) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
  const trace = join(folder.path, 'trace.txt');
  await writeFile(trace, '');
  const program = async (name: string, body: string) => {
    const file = join(folder.path, `${name}.mjs`);
    const head = `
      import { appendFileSync } from 'node:fs';
      import { connect } from 'node:net';
      const trace = (line) => appendFileSync(${JSON.stringify(trace)}, line + '\\n');
    `;
    await writeFile(file, head + body);
    return file;
  };
  const log = new LogLines();
  const ready = Promise.withResolvers<string>();
  let interrupt = () => {};
  const exitCode = supervise({
    config: readConfig({ DATA_DIR: join(folder.path, 'data'), DRAIN_MS: String(drainMs) }),
    env: process.env,
    sizesWith: () => new Map(),
    gateway: await program('gateway', gateway),
    worker: await program('worker', worker),
    log: pino({ base: null }, { write: (line) => log.add(line) }),
    onInterrupt: (listener) => {
      interrupt = listener;
    },
    onReady: ready.resolve,
    ...(stopWithinMs === undefined ? {} : { stopWithinMs }),
  });
  return {
    log,
    ready: ready.promise,
    exitCode,
    interrupt: () => interrupt(),
    trace: () => readFile(trace, 'utf8'),
    async [Symbol.asyncDispose]() {
      interrupt();
      await exitCode;
      await folder.remove();
    },
  };
}

/**
 * Runs the real `npm start`, without the set-up before it, on a data folder and a port of its own; unless `env` says
 * otherwise, with one version of one model, which starts fastest.
 */
async function start(env: Record<string, string> = {}) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
  const dataDir = env.DATA_DIR ?? folder.path;
  const child = spawn(process.execPath, [START], {
    env: {
      ...process.env,
      NATS_URL: '',
      MODELS_DIR: LINE_MODELS,
      DATA_DIR: dataDir,
      PORT: '0',
      LOG_FORMAT: 'json',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = new LogLines();
  const banner = Promise.withResolvers<string>();
  let text = '';
  let output = '';
  createInterface(child.stdout).on('line', (line) => {
    output += `${line}\n`;
    if (line.startsWith('{')) log.add(line);
    else text += `${line}\n`;
    if (line.includes('Ctrl-C')) banner.resolve(text);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const exited = once(child, 'close').then(([code]) => code);
  return {
    log,
    dataDir,
    pid: child.pid,
    banner: banner.promise,
    exitCode: exited,
    /** All that its processes wrote. */
    output: () => output + errors,
    errors: () => errors,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Of nats-server, worker and gateway, when all are ready. */
    async pids(): Promise<number[]> {
      const names = ['nats-server', 'worker', 'gateway'];
      return Promise.all(names.map(async (name) => (await log.find({ msg: `${name} is ready` })).pid));
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      await folder.remove();
    },
  };
}

interface LogLine {
  readonly msg: string;
  readonly pid: number;
  readonly address?: string;
}

/** The lines of a JSON log, as they come. */
class LogLines {
  readonly #lines: LogLine[] = [];
  #position = 0;
  #arrived = Promise.withResolvers<void>();

  add(text: string): void {
    this.#lines.push(JSON.parse(text));
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** The first line with this message. */
  async find(wanted: { readonly msg: string }, from = 0): Promise<LogLine> {
    for (let i = from; ; i++) {
      while (i >= this.#lines.length) await this.#arrived.promise;
      const line = this.#lines[i];
      if (line?.msg === wanted.msg) {
        this.#position = i + 1;
        return line;
      }
    }
  }

  /** The first one after the line that was found last. */
  next(wanted: { readonly msg: string }): Promise<LogLine> {
    return this.find(wanted, this.#position);
  }
}
