/** Which clients are recognised, and which of them pass as operators. */
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RequestError } from '../../../src/contract/errors.ts';
import type { IdentityEnd } from '../../../src/contract/principal.ts';
import { Clients } from '../../../src/edge/clients.ts';
import {
  authModesOf,
  Identities,
  type IdentityOptions,
  requireOperator,
} from '../../../src/edge/identity.ts';
import type { Logger } from '../../../src/process/log.ts';

const log = pino({ level: 'silent' });

interface Asker {
  readonly authorization?: unknown;
  readonly hostHeader?: string | undefined;
  readonly address?: string;
}

const TOKEN = 'a-token-of-some-length';
const KEY = `tid_0123456789ab_${'s'.repeat(43)}`;
const SHOP = { principal: { owner: 'shop', role: 'submitter' } } as const;

function requestOf({ authorization, hostHeader, address = '127.0.0.1' }: Asker): IncomingMessage {
  const host = hostHeader ?? 'localhost';
  return {
    headers: { host, authorization },
    socket: { remoteAddress: address },
  } as unknown as IncomingMessage;
}

function identitiesWith(options: Partial<IdentityOptions>): Identities {
  const config = { operatorToken: undefined };
  const clients = new Clients({ config: { trustProxy: [] }, log });
  return new Identities({ config, auth: ['none'], logins: {}, clients, isLocal: true, log, ...options });
}

/** Asks for an operator field. */
async function gate(identities: Identities, asker: Asker): Promise<void> {
  return requireOperator(await identities.of(requestOf(asker)));
}

async function codeOf(asking: Promise<unknown>): Promise<string> {
  return asking.then(
    () => 'passed',
    ({ code }: RequestError) => code,
  );
}

describe('where AUTH is unset', () => {
  test('a gateway on loopback asks for no login, and any other one does not start', () => {
    expect(authModesOf({ auth: undefined, operatorToken: undefined }, true, log)).toEqual(['none']);
    expect(() => authModesOf({ auth: undefined, operatorToken: undefined }, false, log)).toThrow(
      'AUTH must be set where HOST is not loopback',
    );
    expect(authModesOf({ auth: ['none'], operatorToken: undefined }, false, log)).toEqual(['none']);
  });
});

describe('an operator token that would be taken for something else', () => {
  const KEY = 'tid_0123456789ab_an-operator-token';
  const JWT = 'an-operator.token-of.three-parts';

  test.each([
    ['keys', KEY, 'OPERATOR_TOKEN must not begin with tid_'],
    ['jwt', KEY, 'OPERATOR_TOKEN must not begin with tid_'],
    ['jwt', JWT, 'OPERATOR_TOKEN must not consist of three parts'],
  ] as const)('is refused with AUTH=%s', (mode, operatorToken, problem) => {
    expect(() => authModesOf({ auth: [mode], operatorToken }, true, log)).toThrow(problem);
  });

  test.each([
    ['none', KEY],
    ['none', JWT],
    ['keys', JWT],
  ] as const)('counts with AUTH=%s, where it is not taken for anything else', (mode, operatorToken) => {
    expect(authModesOf({ auth: [mode], operatorToken }, true, log)).toEqual([mode]);
  });
});

describe('with a login', () => {
  const logins = { keys: { identify: (key: string) => (key === KEY ? SHOP : undefined) } };
  const identities = identitiesWith({ auth: ['keys'], logins });
  const ask = async (authorization?: unknown) => identities.of(requestOf({ authorization }));

  test('a key gives its owner and its role', async () => {
    expect((await ask(`Bearer ${KEY}`)).principal).toEqual(SHOP.principal);
    expect((await ask(`bearer  ${KEY}`)).principal).toEqual(SHOP.principal);
    expect(await codeOf(gate(identities, { authorization: `Bearer ${KEY}` }))).toBe('FORBIDDEN');
  });

  test.each([
    undefined,
    '',
    KEY,
    `Basic ${KEY}`,
    `Bearer ${KEY.slice(0, -1)}`,
    `Bearer ${KEY}x`,
    'Bearer tid_',
    'Bearer a.b.c',
    'Bearer whatever',
    7,
  ])('%s is not recognised, also on this machine', async (authorization) => {
    expect(await codeOf(ask(authorization))).toBe('UNAUTHENTICATED');
  });

  test('the operator token is a key of the role operator', async () => {
    const withToken = identitiesWith({ auth: ['keys'], logins, config: { operatorToken: TOKEN } });
    await gate(withToken, { authorization: `Bearer ${TOKEN}` });
    expect(await codeOf(gate(withToken, { authorization: 'Bearer another-token' }))).toBe('UNAUTHENTICATED');
  });

  test('any number of wrong keys does not keep a right one of the same address waiting', async () => {
    for (let i = 0; i < 1_000; i++)
      expect(await codeOf(ask(`Bearer ${KEY.slice(0, -4)}${1_000 + i}`))).toBe('UNAUTHENTICATED');
    expect((await ask(`Bearer ${KEY}`)).principal).toEqual(SHOP.principal);
  });

  test('a key counts until it ends', async () => {
    let end: IdentityEnd | undefined;
    const keys = { identify: () => ({ ...SHOP, endedBy: () => end }) };
    const ending = identitiesWith({ auth: ['keys'], logins: { keys } });
    const asker = requestOf({ authorization: `Bearer ${KEY}` });
    expect((await ending.of(asker)).principal).toEqual(SHOP.principal);
    end = 'was revoked';
    expect(() => ending.of(asker)).toThrow('The key or token was revoked');
  });

  test('10,000 random headers are refused, and none of them fails in another way', async () => {
    const all = identitiesWith({ auth: ['keys'], logins, config: { operatorToken: TOKEN } });
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('Bearer ', 'bearer', 'tid_', 'a.b.c', KEY.slice(0, 30), TOKEN.slice(1), '_', ' ', '=='),
    );
    const header = fc.oneof(
      fc.array(piece).map((parts) => parts.join('')),
      fc.anything(),
    );
    await fc.assert(
      fc.asyncProperty(header, fc.integer(), async (authorization, site) => {
        const address = `2001:db8:${Math.abs(site) % 65_536}::1`;
        const code = await codeOf((async () => all.of(requestOf({ authorization, address })))());
        expect(['UNAUTHENTICATED', 'TOO_MANY_ATTEMPTS']).toContain(code);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('without a login and without a token', () => {
  test('a request to this machine by its own name passes, and one to another name that points here does not', async () => {
    const identities = identitiesWith({});
    for (const hostHeader of ['localhost', '127.0.0.1:4000', 'localhost:4000', 'LOCALHOST', '[::1]:4000'])
      await gate(identities, { hostHeader });
    const strange = ['evil.example:4000', '127.0.0.1.evil.example', '127.1', 'a@localhost', '', 'a b'];
    for (const hostHeader of strange)
      await expect(gate(identities, { hostHeader })).rejects.toThrow('must be asked as localhost');
  });

  test('a request that a proxy passed on does not pass, since it may come from another machine', async () => {
    const request = requestOf({});
    request.headers['x-forwarded-for'] = '127.0.0.1';
    const { whyNoOperator } = await identitiesWith({}).of(request);
    expect(await whyNoOperator()).toContain('a proxy passed this request on');
  });

  test('no request passes at a gateway that other machines can reach', async () => {
    const identities = identitiesWith({ isLocal: false });
    await expect(gate(identities, { authorization: 'Bearer whatever' })).rejects.toThrow(
      'has no OPERATOR_TOKEN set',
    );
  });
});

test('with a token, a request that brings it passes under any name, and no other request does', async () => {
  const identities = identitiesWith({ config: { operatorToken: TOKEN }, isLocal: false });
  await gate(identities, { authorization: `Bearer ${TOKEN}`, hostHeader: 'gateway.example' });
  for (const authorization of ['Bearer another-token', 'a-token-of-some-length', '', undefined, 7])
    await expect(gate(identities, { authorization })).rejects.toThrow(
      'This needs the role operator. You have the role submitter: ',
    );
});

describe('wrong operator tokens', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const WRONG = Array.from({ length: 1_000 }, (_, i) => i);

  /** A gate, with the codes of tries that come at once. */
  function openGate(gateLog: Logger = log) {
    const identities = identitiesWith({ config: { operatorToken: TOKEN }, isLocal: false, log: gateLog });
    return (addresses: readonly string[], token = 'a-wrong-token'): Promise<readonly string[]> =>
      Promise.all(
        addresses.map((address) => codeOf(gate(identities, { address, authorization: `Bearer ${token}` }))),
      );
  }
  const lookedAt = (codes: readonly string[]) => codes.filter((code) => code === 'FORBIDDEN').length;
  const ofSites = WRONG.map((i) => `2001:db8:${i}::1`);

  test.each([
    ['addresses of 127.0.0.0/8', WRONG.map((i) => `127.0.${i % 256}.${1 + (i % 250)}`)],
    ['the networks of an IPv6 site', WRONG.map((i) => `2001:db8:1:${i}::1`)],
  ])('of %s are slowed down as those of one address', async (_what, addresses) => {
    expect(lookedAt(await openGate()(addresses))).toBeLessThanOrEqual(20);
  });

  test('of many addresses do not keep the right token of another address waiting', async () => {
    const ask = openGate();
    await ask(ofSites);
    expect(await ask(['10.0.0.6'], TOKEN)).toEqual(['passed']);
  });

  test('of any number of addresses do not make the gateway forget a known operator', async () => {
    const ask = openGate();
    await ask(['10.0.0.5'], TOKEN);
    await ask(Array.from({ length: 11_000 }, (_, i) => `10.1.${i >> 8}.${i % 256}`));
    expect(lookedAt(await ask(Array(6).fill('10.0.0.5')))).toBe(6);
    // More than may wait, were the address not known.
    expect(await ask(Array(4).fill('10.0.0.5'), TOKEN)).toEqual(Array(4).fill('passed'));
  });

  test('of any number of addresses are logged in one line a second, with their number', async () => {
    const ownLog = pino({ level: 'silent' });
    const warn = vi.spyOn(ownLog, 'warn');
    await openGate(ownLog)(ofSites);
    expect(warn).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1_000);
    expect(warn).toHaveBeenCalledTimes(2);
    const [fields] = warn.mock.lastCall as unknown as [
      { leftOut: number; ofAllAddresses: { failures: number; ignored: number } },
    ];
    expect(fields.leftOut).toBe(998);
    expect(fields.ofAllAddresses.failures + fields.ofAllAddresses.ignored).toBe(1_000);
    vi.advanceTimersByTime(60_000);
    expect(warn).toHaveBeenCalledTimes(2);
  });
});
