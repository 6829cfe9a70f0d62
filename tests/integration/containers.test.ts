import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { findNatsServer } from '../../src/launcher/localBroker.ts';
import { environmentVariables } from '../../src/process/config.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';

const ROOT = join(import.meta.dirname, '../..');
const known = environmentVariables.map(({ name }) => name);
const stages = readStages(read('Dockerfile'));
const compose: Compose = parse(read('docker-compose.yml'));
const gpu: Compose = parse(read('docker-compose.gpu.yml'));

test.each([
  ['docker-compose.yml', compose],
  ['docker-compose.gpu.yml', gpu],
])(
  '%s sets only variables that the configuration reads, and builds stages that exist',
  (_file, { services }) => {
    for (const service of Object.values(services)) {
      if (service.build === undefined) continue;
      expect(known).toEqual(expect.arrayContaining(Object.keys(service.environment ?? {})));
      expect(stages.map(({ name }) => name)).toContain(service.build.target);
      expect(existsSync(join(ROOT, service.build.context, 'Dockerfile'))).toBe(true);
    }
  },
);

test("gateway, worker and trainer get the broker's address, with the name of its service", () => {
  for (const name of ['gateway', 'worker', 'trainer']) {
    const url = compose.services[name]?.environment?.NATS_URL ?? '';
    expect(() => interpolated(url, {})).toThrow('NATS_PASSWORD is not set');
    const { hostname, username, password } = new URL(interpolated(url, { NATS_PASSWORD: 'f00d' }));
    expect(Object.keys(compose.services)).toContain(hostname);
    expect({ username, password }).toEqual({ username: 'tidings', password: 'f00d' });
  }
});

test('the broker accepts that login and no other, and the health check uses an address without a login', async () => {
  const content = interpolated(compose.configs?.nats?.content ?? '', { NATS_PASSWORD: 'f00d' });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-compose-'));
  const [, health] =
    /(http:\/\/\S+)\/healthz/.exec(compose.services.nats?.healthcheck?.test.join(' ') ?? '') ?? [];
  expect(content).toContain(`http: ${health?.replace('http://', '')}\n`);
  const config = join(folder.path, 'nats.conf');
  await writeFile(config, content.replace('/data', join(folder.path, 'data')).replace(/^http: .*$/m, ''));
  const port = await freePort();
  const server = spawn(findNatsServer(), ['--config', config, '--addr', '127.0.0.1', '--port', String(port)]);
  const ended = once(server, 'exit');
  try {
    const login = { user: 'tidings', pass: 'f00d', maxReconnectAttempts: 0 };
    const servers = `127.0.0.1:${port}`;
    const connection = await eventually(
      () => connect({ servers, ...login }).catch(() => undefined),
      (opened) => opened !== undefined,
    );
    expect(connection?.info).toMatchObject({ jetstream: true, max_payload: 5 * 1024 * 1024 });
    await connection?.close();
    await expect(connect({ servers, maxReconnectAttempts: 0 })).rejects.toThrow(/Authorization Violation/);
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
});

test('no container writes to its image, has rights of root, gains others or takes all memory', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    expect(service, name).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.stringMatching(/^\d+g$/),
    });
  }
});

test('every third-party image is pinned by its tag and its digest', () => {
  const images = [
    ...stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from)),
    ...Object.values(compose.services).flatMap(({ image, build }) => (build === undefined ? [image] : [])),
  ];
  expect(images.length).toBeGreaterThanOrEqual(4);
  for (const image of images)
    expect(image).toMatch(/^[a-z/]+:[\w.-]*\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/);
});

test('the gateway listens outside its container, on the port that is published and health-checked', () => {
  const { environment, ports, healthcheck } = compose.services.gateway ?? {};
  const port = environmentVariables.find(({ name }) => name === 'PORT')?.default;
  expect(environment?.HOST).toBe('0.0.0.0');
  expect(ports).toEqual([expect.stringMatching(new RegExp(`:${port}$`))]);
  expect(healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/ready`);
  expect(stages.find(({ name }) => name === 'gateway')?.text).toContain(`EXPOSE ${port}`);
});

test('workers can be scaled: they have no fixed name, port or volume', () => {
  for (const { services } of [compose, gpu]) {
    expect(services.worker).not.toHaveProperty('container_name');
    expect(services.worker).not.toHaveProperty('ports');
    expect(services.worker).not.toHaveProperty('volumes');
  }
});

test('the overlay changes services that exist, and every mounted volume and config is declared', () => {
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(gpu.services)));
  const { nats } = compose.services;
  for (const volume of nats?.volumes ?? [])
    expect(compose.volumes).toHaveProperty([volume.split(':')[0] ?? '']);
  for (const config of nats?.configs ?? []) {
    expect(compose.configs).toHaveProperty([config.source]);
    expect(nats?.command).toContain(config.target);
  }
});

test('every image runs a program that exists, as a user without rights', () => {
  const images = ['gateway', 'worker', 'worker-cuda'];
  for (const image of images) {
    const { text } = stages.find(({ name }) => name === image) ?? { text: '' };
    const command: string[] = JSON.parse(/^CMD (.+)$/m.exec(text)?.[1] ?? '[]');
    expect(command[0]).toBe('node');
    expect(existsSync(join(ROOT, command[1] ?? '')), `${image}: ${command[1]}`).toBe(true);
    expect(text).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    for (const [, name] of text.matchAll(/^ENV (\w+)=/gm)) expect(known).toContain(name);
  }
});

test('a gateway in a container drains, and the engine waits long enough before it kills it', () => {
  const { environment, stop_grace_period } = compose.services.gateway ?? {};
  const drainMs = Number(environment?.DRAIN_MS);
  expect(stages.find(({ name }) => name === 'gateway')?.text).toContain(`ENV DRAIN_MS=${drainMs}\n`);
  expect(drainMs).toBeGreaterThan(0);
  // Open answers have 2 s more.
  expect(Number.parseInt(stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(drainMs + 2_000);
});

test('every path that the Dockerfile copies exists and is sent to the engine, or comes from an earlier stage', () => {
  const sent = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  stages.forEach(({ text }, i) => {
    for (const [, from, paths = ''] of text.matchAll(/^COPY (?:--from=(\S+) )?(.+) \S+$/gm)) {
      if (from !== undefined) {
        expect(stages.slice(0, i).map(({ name }) => name)).toContain(from);
        continue;
      }
      for (const path of paths.split(' ')) {
        expect(
          sent.some((entry) => path === entry || path.startsWith(`${entry}/`)),
          path,
        ).toBe(true);
        expect(existsSync(join(ROOT, path)), path).toBe(true);
      }
    }
  });
});

test('the images have the Node version that is pinned for `npm start`', () => {
  const pinned = new Set(
    Object.entries(packageJson.optionalDependencies).flatMap(([name, version]) =>
      name.startsWith('node-') ? [version] : [],
    ),
  );
  const used = stages.flatMap(({ from }) => /^node:([\d.]+)/.exec(from)?.[1] ?? []);
  expect(new Set(used)).toEqual(pinned);
});

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs?: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Replaces variables as compose does, and fails if a required one is not set. */
function interpolated(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)(?::\?([^}]*))?\}/g, (_all, name: string, problem = 'is not set') => {
    const value = env[name];
    if (!value) throw new Error(`${name} ${problem}`);
    return value;
  });
}

function readStages(dockerfile: string): { name: string; from: string; text: string }[] {
  return dockerfile
    .split(/^FROM /m)
    .slice(1)
    .map((text) => {
      const [, from = '', name = ''] = /^(\S+) AS (\S+)/.exec(text) ?? [];
      return { name, from, text };
    });
}
