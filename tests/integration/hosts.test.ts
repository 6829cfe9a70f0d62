/** Which versions share a process, and what they hear of its death. The processes are real, the versions have no model. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Guest, Host } from '../../workers/host.ts';
import { Hosts } from '../../workers/hosts.ts';
import { NotBegun } from '../../workers/runtimes/sessionProcess.ts';
import { SILENT } from '../support/models.ts';
import { pidOf } from '../support/processTable.ts';

class FakeGuest implements Guest {
  readonly name: Readonly<Record<string, string>>;
  readonly isNeeded: boolean;
  readonly #deaths: string[];

  constructor(model: string, deaths: string[], isNeeded: boolean) {
    this.name = { model };
    this.#deaths = deaths;
    this.isNeeded = isNeeded;
  }

  hostDied(_host: Host, isCulprit: boolean): void {
    this.#deaths.push(isCulprit ? `${this.name.model} as the culprit` : `${this.name.model}`);
  }
}

let hosts: Hosts;
/** Which versions heard of the death of their host, in order. */
let deaths: string[];

beforeEach(() => {
  deaths = [];
  hosts = new Hosts({
    sharedMax: 2,
    isolates: false,
    maxMib: 0,
    givesBack: false,
    onMeasured: () => {},
    log: SILENT,
  });
});
afterEach(() => hosts[Symbol.asyncDispose]());

const guest = (model: string, { isNeeded = false } = {}) => new FakeGuest(model, deaths, isNeeded);
const kill = (host: Host) => process.kill(pidOf(host), 'SIGKILL');
/** Work that ends with the process. */
const untilDeath = async ({ exited }: { readonly exited: Promise<unknown> }) => {
  await exited;
  throw new Error('the process ended');
};

describe('a version', () => {
  test('shares the host with the fewest versions once there are as many hosts as slots', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => hosts.place(guest(name), 'shared'));
    expect(a).not.toBe(b);
    expect([c, d]).toEqual([a, b]);
  });

  test('that must not share has a host beside the shared ones', () => {
    const own = hosts.place(guest('large'), 'own');
    for (const name of ['a', 'b', 'c', 'd']) expect(hosts.place(guest(name), 'shared')).not.toBe(own);
  });

  test('that leaves as the last one ends its host', async () => {
    const [a, b] = [guest('a'), guest('b')];
    const host = hosts.place(a, 'own');
    host.add(b);
    await host.remove(a, undefined);
    expect(host.isGone).toBe(false);
    await host.remove(b, undefined);
    expect(host.isGone).toBe(true);
  });
});

describe('when a host dies', () => {
  test('only the version at work is to blame, those that are needed hear of it first, and work that waited has not begun', async () => {
    const [idle, working, waiting] = [guest('idle'), guest('working'), guest('waiting', { isNeeded: true })];
    const host = hosts.place(idle, 'own');
    host.add(working);
    host.add(waiting);
    const atWork = host.turn(working, untilDeath);
    const waited = host.turn(waiting, async () => 'never');
    kill(host);
    await expect(atWork).rejects.toThrow('the process ended');
    await expect(waited).rejects.toThrow(NotBegun);
    expect(deaths).toEqual(['waiting', 'idle', 'working as the culprit']);
  });

  test('without work, no version is to blame', async () => {
    const host = hosts.place(guest('a'), 'own');
    kill(host);
    await expect.poll(() => deaths).toEqual(['a']);
  });
});

test('in its turn a version begins further work at once, unless another version waits for the host', async () => {
  const [a, b] = [guest('a'), guest('b')];
  const host = hosts.place(a, 'own');
  host.add(b);
  const order: string[] = [];
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const work = (name: string, until?: Promise<void>) => async () => {
    order.push(`${name} begins`);
    await until;
    order.push(`${name} ends`);
  };
  const present = host.turn(a, work('present', first.promise));
  const others = [
    host.turn(a, work('ahead', second.promise), { ahead: true }),
    host.turn(b, work('other')),
    host.turn(a, work('late'), { ahead: true }),
  ];
  first.resolve();
  await present;
  expect(order).toEqual(['present begins', 'ahead begins', 'present ends']);
  second.resolve();
  await Promise.all(others);
  const after = ['ahead ends', 'other begins', 'other ends', 'late begins', 'late ends'];
  expect(order.slice(3)).toEqual(after);
});

test('work of runs comes before work in the background', async () => {
  const a = guest('a');
  const host = hosts.place(a, 'own');
  const order: string[] = [];
  const present = Promise.withResolvers<void>();
  const work = (name: string, until?: Promise<void>) => async () => {
    await until;
    order.push(name);
  };
  const all = [
    host.turn(a, work('present', present.promise)),
    host.turn(a, work('background'), { inBackground: true }),
    host.turn(a, work('run')),
  ];
  present.resolve();
  await Promise.all(all);
  expect(order).toEqual(['present', 'run', 'background']);
});

test('a trial that hangs does not hold up other trials, and trials use a process again', async () => {
  const hanging = [1, 2].map(() => hosts.trial((host) => host.turn(guest('hangs'), untilDeath)));
  const first = await hosts.trial(async (host) => host);
  const second = await hosts.trial(async (host) => host);
  expect(second).toBe(first);
  expect(hosts.bytes).toBe(0);
  for (const trial of hanging) trial.catch(() => {});
  await first[Symbol.asyncDispose]();
  const third = await hosts.trial(async (host) => host);
  expect(third).not.toBe(first);
});

describe('a version stays in the process that tried it', () => {
  const tryOne = (name: string, checked?: Promise<void>) =>
    hosts.trial(async (host) => {
      await checked;
      return hosts.keepTried(host, guest(name)) ? host : undefined;
    });

  test('until there are as many shared hosts as slots', async () => {
    const [a, b, c] = [await tryOne('a'), await tryOne('b'), await tryOne('c')];
    expect([a?.kind, b?.kind, c]).toEqual(['shared', 'shared', undefined]);
    expect(hosts.place(guest('d'), 'shared')).toBe(a);
  });

  test('unless others wait for their trials', async () => {
    const checked = Promise.withResolvers<void>();
    const tries = ['a', 'b'].map((name) => tryOne(name, checked.promise));
    checked.resolve();
    expect(await Promise.all(tries)).toEqual([undefined, undefined]);
  });

  test('unless it has died', async () => {
    const stays = await hosts.trial(async (host) => {
      await host[Symbol.asyncDispose]();
      return hosts.keepTried(host, guest('a'));
    });
    expect(stays).toBe(false);
  });
});
