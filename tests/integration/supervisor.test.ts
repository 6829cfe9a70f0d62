/** The supervisor with a real nats-server, and small programs in place of gateway, worker and trainer. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type System, supervise } from '../../src/launcher/supervisor.ts';
import { readConfig } from '../../src/process/config.ts';
import { commandLine } from '../../src/process/processLock.js';
import { LogLines } from '../support/logLines.ts';

// The tests run at the same time, since they mostly wait for pauses and time limits.
test.concurrent('a worker that is killed is started again, and this is logged', async () => {
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

test.concurrent('a nats-server that is killed is started again on the same port', async () => {
  await using system = await runPrograms();
  const first = await system.log.next({ msg: 'nats-server is ready' });
  process.kill(first.pid, 'SIGKILL');
  const second = await system.log.next({ msg: 'nats-server is ready' });
  expect(second.pid).not.toBe(first.pid);
  expect(second.address).toBe(first.address);
});

test.concurrent('a process that keeps failing is started again after increasing pauses', async () => {
  await using system = await runPrograms({ worker: 'process.exit(3);' });
  for (const pauseMs of [200, 400, 800]) {
    expect(await system.log.next({ msg: 'worker ended, starting it again' })).toMatchObject({
      code: 3,
      pauseMs,
    });
  }
});

test.concurrent('a slow start logs which process it waits for', async () => {
  await using system = await runPrograms({ worker: 'setInterval(() => {}, 1_000);' });
  expect(await system.log.next({ msg: 'still waiting for: worker' })).toBeDefined();
});

test.concurrent('exit code 78 of one process stops all processes, and the supervisor ends with 78', async () => {
  await using system = await runPrograms({
    worker: `process.on('SIGUSR2', () => process.exit(78)); ${READY}`,
  });
  await system.ready;
  const { pid } = await system.log.find({ msg: 'worker is ready' });
  process.kill(pid, 'SIGUSR2');
  expect(await system.exitCode).toBe(78);
  expect(await system.trace()).toBe('gateway stopped\n');
});

test.concurrent('an interrupt stops the gateway first, then the worker, and then nats-server', async () => {
  await using system = await runPrograms();
  const { pid } = await system.log.next({ msg: 'nats-server is ready' });
  await system.ready;
  system.interrupt();
  expect(await system.exitCode).toBe(0);
  expect(await system.trace()).toBe('gateway stopped\nworker stopped, nats-server runs\n');
  expect(commandLine(pid)).toBeUndefined();
});

test.concurrent('a trainer is started when all others are ready, and stops before them', async () => {
  await using system = await runPrograms({ trainers: 1 });
  await system.ready;
  const started = await system.log.next({ msg: 'trainer is ready' });
  expect(commandLine(started.pid)).toContain('trainer.mjs');
  system.interrupt();
  expect(await system.exitCode).toBe(0);
  expect(await system.trace()).toBe('trainer stopped\ngateway stopped\nworker stopped, nats-server runs\n');
});

test.concurrent('a process that does not stop in time is killed', async () => {
  await using system = await runPrograms({ gateway: DEAF, stopWithinMs: { worker: 5_500, gateway: 100 } });
  await system.ready;
  system.interrupt();
  expect(await system.exitCode).toBe(0);
  await system.log.find({ msg: 'gateway has not stopped within 100 ms and is killed' });
  expect(await system.trace()).toBe('worker stopped, nats-server runs\n');
});

test.concurrent('a draining gateway gets DRAIN_MS more time, and worker and nats-server keep running', async () => {
  await using system = await runPrograms({
    drainMs: 60_000,
    stopWithinMs: { worker: 5_500, gateway: 0 },
    // Longer than a gateway without DRAIN_MS may take.
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

test.concurrent('an interrupt directly after the first one does not force the end', async () => {
  await using system = await runPrograms();
  await system.ready;
  for (let i = 0; i < 5; i++) system.interrupt();
  expect(await system.exitCode).toBe(0);
  expect(await system.trace()).toBe('gateway stopped\nworker stopped, nats-server runs\n');
});

test.concurrent('a later interrupt forces the end', async () => {
  const stopWithinMs = { worker: 600_000, gateway: 600_000 };
  await using system = await runPrograms({ gateway: DEAF, worker: DEAF, stopWithinMs });
  await system.ready;
  // As if the keys were held down.
  const leaning = setInterval(system.interrupt, 50);
  expect(await system.exitCode).toBe(130);
  clearInterval(leaning);
});

/** All programs report that they are ready, and end with their supervisor. */
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

const TRAINER = `
  process.on('SIGTERM', () => {
    trace('trainer stopped');
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

/** Supervises a real nats-server and small programs, in this process. */
async function runPrograms({
  gateway = GATEWAY,
  worker = WORKER,
  drainMs = 0,
  trainers = 0,
  stopWithinMs,
}: Partial<Pick<System, 'gateway' | 'worker' | 'stopWithinMs'>> & {
  drainMs?: number;
  trainers?: number;
} = {}) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-supervisor-'));
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
    config: readConfig({
      ...{ DATA_DIR: join(folder.path, 'data'), DRAIN_MS: String(drainMs), TRAINERS: String(trainers) },
    }),
    env: process.env,
    sizesWith: () => new Map(),
    provision: async () => new AsyncDisposableStack(),
    gateway: await program('gateway', gateway),
    worker: await program('worker', worker),
    trainer: await program('trainer', TRAINER),
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
