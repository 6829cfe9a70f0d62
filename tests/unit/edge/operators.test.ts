/** Which requests pass as those of operators. */
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RequestError } from '../../../src/contract/errors.ts';
import { operatorGate } from '../../../src/edge/operators.ts';
import type { Logger } from '../../../src/process/log.ts';

const log = pino({ level: 'silent' });

const asker = {
  authorization: undefined,
  hostHeader: 'localhost',
  address: '127.0.0.1',
  isForwarded: false,
};

describe('without a token', () => {
  test('a request to this machine by its own name passes, and one to another name that points here does not', async () => {
    const gate = operatorGate({ config: { operatorToken: undefined }, isLocal: true, log });
    await gate(asker);
    for (const hostHeader of ['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST', '[::1]:4000'])
      await gate({ ...asker, hostHeader });
    const strange = [
      'evil.example:4000',
      '127.0.0.1.evil.example',
      '127.1',
      'a@localhost',
      '',
      undefined,
      'a b',
    ];
    for (const hostHeader of strange)
      await expect(gate({ ...asker, hostHeader })).rejects.toThrow('must be asked as localhost');
  });

  test('a request that a proxy passed on does not pass, since it may come from another machine', async () => {
    const gate = operatorGate({ config: { operatorToken: undefined }, isLocal: true, log });
    await expect(gate({ ...asker, isForwarded: true })).rejects.toThrow('A proxy passed this request on');
  });

  test('no request passes at a gateway that other machines can reach', async () => {
    const gate = operatorGate({ config: { operatorToken: undefined }, isLocal: false, log });
    await expect(gate({ ...asker, authorization: 'Bearer whatever' })).rejects.toThrow(
      'has no OPERATOR_TOKEN set',
    );
  });
});

test('with a token, a request that brings it passes under any name, and no other request does', async () => {
  const gate = operatorGate({ config: { operatorToken: 'a-token-of-some-length' }, isLocal: false, log });
  await gate({ ...asker, authorization: 'Bearer a-token-of-some-length', hostHeader: 'gateway.example' });
  for (const authorization of ['Bearer another-token', 'a-token-of-some-length', '', undefined, 7])
    await expect(gate({ ...asker, authorization })).rejects.toThrow('This is for operators');
});

describe('wrong tokens', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const TOKEN = 'a-token-of-some-length';
  const WRONG = Array.from({ length: 1_000 }, (_, i) => i);

  /** A gate, with the codes of tries that come at once. */
  function openGate(gateLog: Logger = log) {
    const gate = operatorGate({ config: { operatorToken: TOKEN }, isLocal: false, log: gateLog });
    return (addresses: readonly string[], token = 'a-wrong-token'): Promise<readonly string[]> =>
      Promise.all(
        addresses.map((address) =>
          gate({ ...asker, address, authorization: `Bearer ${token}` }).then(
            () => 'passed',
            ({ code }: RequestError) => code,
          ),
        ),
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

  test('of many addresses are compared a hundred times a second, and known operators and this machine still pass', async () => {
    const ask = openGate();
    expect(await ask(['10.0.0.5', '2001:db8:7:1::1'], TOKEN)).toEqual(['passed', 'passed']);
    expect(lookedAt(await ask(ofSites))).toBeLessThanOrEqual(100);
    expect(await ask(['10.0.0.6'], TOKEN)).toEqual(['TOO_MANY_ATTEMPTS']);
    expect(await ask(['10.0.0.5', '2001:db8:7:1::2', '127.0.0.1'], TOKEN)).toEqual(Array(3).fill('passed'));
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
