import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { commandLine } from '../../src/processLock.js';
import { supervise } from '../../src/system/supervisor.ts';
import { parseTaskId } from '../../src/task.ts';
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
import { freePort } from '../support/freePort.ts';
import { LINE_MODELS, MODELS } from '../support/models.ts';
import { tripNumber } from '../support/predictDirectly.ts';

const START = join(import.meta.dirname, '../../src/start.ts');

describe('the supervisor, with small programs as gateway and worker', () => {
  test('a worker that is killed is started again, and the log says so', async () => {
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

  test('a nats-server that is killed comes back on the same port', async () => {
    await using system = await runPrograms();
    const first = await system.log.next({ msg: 'nats-server is ready' });
    process.kill(first.pid, 'SIGKILL');
    const second = await system.log.next({ msg: 'nats-server is ready' });
    expect(second.pid).not.toBe(first.pid);
    expect(second.address).toBe(first.address);
  });

  test('a process that keeps failing is started again after longer and longer pauses', async () => {
    await using system = await runPrograms({ worker: 'process.exit(3);' });
    for (const pauseMs of [200, 400, 800]) {
      expect(await system.log.next({ msg: 'worker ended, starting it again' })).toMatchObject({
        code: 3,
        pauseMs,
      });
    }
  });

  test('a start that takes long says what it waits for', async () => {
    await using system = await runPrograms({ worker: 'setInterval(() => {}, 1_000);' });
    expect(await system.log.next({ msg: 'still waiting for: worker' })).toBeDefined();
  });

  test('exit code 78 of one process stops everything with 78', async () => {
    await using system = await runPrograms({
      worker: `process.on('SIGUSR2', () => process.exit(78)); ${READY}`,
    });
    await system.ready;
    const { pid } = await system.log.find({ msg: 'worker is ready' });
    process.kill(pid, 'SIGUSR2');
    expect(await system.exitCode).toBe(78);
    expect(await system.trace()).toBe('gateway stopped\n');
  });

  test('an interrupt stops the gateway, then the worker, and nats-server last', async () => {
    await using system = await runPrograms();
    const { pid } = await system.log.next({ msg: 'nats-server is ready' });
    await system.ready;
    system.interrupt();
    expect(await system.exitCode).toBe(0);
    expect(await system.trace()).toBe('gateway stopped\nworker stopped, nats-server runs\n');
    expect(commandLine(pid)).toBeUndefined();
  });

  test('a process that does not leave when asked is killed, and the end comes within ten seconds', async () => {
    await using system = await runPrograms({ gateway: DEAF });
    await system.ready;
    const interruptedAt = performance.now();
    system.interrupt();
    expect(await system.exitCode).toBe(0);
    expect(performance.now() - interruptedAt).toBeLessThan(10_000);
  });

  test('a gateway that drains is given DRAIN_MS more, and worker and nats-server run as long', async () => {
    await using system = await runPrograms({
      drainMs: 5_000,
      // A little longer than one that does not drain may take.
      gateway: `
        process.on('SIGTERM', () => setTimeout(() => { trace('gateway drained'); process.exit(0); }, 2_600));
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
    expect(system.errors()).toContain(port);
    taken.close();
  });

  test('after kill -9 its children leave by themselves, and the next start ends the old nats-server', async () => {
    await using first = await start();
    const [natsServer, ...children] = await first.pids();
    await first.banner;
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
  });

  test('streams that do not fit on the disk stop the start, with the sum and the size of the disk', async () => {
    await using system = await start({ RESULT_MAX_BYTES: String(10 ** 15) });
    expect(await system.exitCode).toBe(78);
    const [, sum] = /room for (\d+) bytes, which the streams reserve, got \d+/.exec(system.errors()) ?? [];
    // The results, what comes of batches (half of them), request records (a quarter), and all that is small beside these.
    expect(Number(sum) / (1.75 * 10 ** 15)).toBeCloseTo(1, 3);
  });

  test('a wrong configuration is named and nothing is started', async () => {
    await using system = await start({ PORT: 'four thousand' });
    expect(await system.exitCode).toBe(78);
    expect(system.errors()).toContain('PORT must be a whole number from 0 to 65535, got "four thousand"');
  });
});

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
async function runPrograms({ gateway = GATEWAY, worker = WORKER, drainMs = 0 } = {}) {
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
    reservedBytes: 0,
    gateway: await program('gateway', gateway),
    worker: await program('worker', worker),
    log: pino({ base: null }, { write: (line) => log.add(line) }),
    onInterrupt: (listener) => {
      interrupt = listener;
    },
    onReady: ready.resolve,
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
  createInterface(child.stdout).on('line', (line) => {
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
