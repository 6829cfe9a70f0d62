import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { environmentVariables } from '../../src/config.ts';

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

test('gateway and worker are told the broker, by the name of its service', () => {
  for (const name of ['gateway', 'worker']) {
    const url = new URL(compose.services[name]?.environment?.NATS_URL ?? '');
    expect(Object.keys(compose.services)).toContain(url.hostname);
  }
});

test('the gateway listens beyond its container, on the port that is published and asked for its health', () => {
  const { environment, ports, healthcheck } = compose.services.gateway ?? {};
  const port = environmentVariables.find(({ name }) => name === 'PORT')?.default;
  expect(environment?.HOST).toBe('0.0.0.0');
  expect(ports).toEqual([expect.stringMatching(new RegExp(`:${port}$`))]);
  expect(healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/ready`);
  expect(stages.find(({ name }) => name === 'gateway')?.text).toContain(`EXPOSE ${port}`);
});

test('workers can be scaled: nothing of theirs can be had only once', () => {
  for (const { services } of [compose, gpu]) {
    expect(services.worker).not.toHaveProperty('container_name');
    expect(services.worker).not.toHaveProperty('ports');
    expect(services.worker).not.toHaveProperty('volumes');
  }
});

test('the overlay changes services that exist, and what is mounted is declared', () => {
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(gpu.services)));
  const { nats } = compose.services;
  for (const volume of nats?.volumes ?? [])
    expect(compose.volumes).toHaveProperty([volume.split(':')[0] ?? '']);
  for (const config of nats?.configs ?? []) {
    expect(compose.configs).toHaveProperty([config.source]);
    expect(nats?.command).toContain(config.target);
  }
});

test('every image runs a program that exists, as somebody without rights', () => {
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

test('a gateway in a container drains, and has the time for it before the engine kills it', () => {
  const { environment, stop_grace_period } = compose.services.gateway ?? {};
  const drainMs = Number(environment?.DRAIN_MS);
  expect(stages.find(({ name }) => name === 'gateway')?.text).toContain(`ENV DRAIN_MS=${drainMs}\n`);
  expect(drainMs).toBeGreaterThan(0);
  // Answers under way have 2 s more.
  expect(Number.parseInt(stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(drainMs + 2_000);
});

test('what the Dockerfile copies exists, is sent to the engine, and comes from an earlier stage if it names one', () => {
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
      expect(sent).toEqual(expect.arrayContaining(paths.split(' ')));
      for (const path of paths.split(' ')) expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });
});

test('the images have the Node that is pinned for `npm start`', () => {
  const pinned = new Set(Object.values(packageJson.optionalDependencies));
  const used = stages.flatMap(({ from }) => /^node:([\d.]+)/.exec(from)?.[1] ?? []);
  expect(new Set(used)).toEqual(pinned);
});

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs?: Readonly<Record<string, unknown>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

interface Service {
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

function readStages(dockerfile: string): { name: string; from: string; text: string }[] {
  return dockerfile
    .split(/^FROM /m)
    .slice(1)
    .map((text) => {
      const [, from = '', name = ''] = /^(\S+) AS (\S+)/.exec(text) ?? [];
      return { name, from, text };
    });
}
