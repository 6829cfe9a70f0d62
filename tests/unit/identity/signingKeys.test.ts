/** When the keys of a provider are fetched. The provider is a server of the test, and the clock is the test's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { SigningKeys } from '../../../src/identity/signingKeys.ts';
import { eventually } from '../../support/eventually.ts';
import { SILENT } from '../../support/models.ts';

const COOLDOWN_MS = 10_000;
const FETCH_AGAIN_AFTER_MS = 600_000;

test('a new key of the provider counts after the cooldown', async () => {
  await using provider = await startKeyServer();
  const first = await provider.addKey('first');
  expect(await provider.check(first)).toBe('passed');
  const second = await provider.addKey('second');
  expect(await provider.check(second)).toBe('UNAUTHENTICATED');
  provider.clock.now += COOLDOWN_MS;
  expect(await provider.check(second)).toBe('passed');
  expect(provider.fetches()).toBe(2);
});

test('any number of tokens at once lead to one fetch', async () => {
  await using provider = await startKeyServer();
  const token = await provider.addKey('first');
  const checks = Array.from({ length: 100 }, () => provider.check(token));
  expect(new Set(await Promise.all(checks))).toEqual(new Set(['passed']));
  expect(provider.fetches()).toBe(1);
});

test('a key that the provider has withdrawn no longer counts after ten minutes and one more token', async () => {
  await using provider = await startKeyServer();
  const first = await provider.addKey('first');
  await provider.check(first);
  provider.removeKey('first');
  provider.clock.now += FETCH_AGAIN_AFTER_MS + 1;
  await eventually(
    () => provider.check(first),
    (answer) => answer === 'UNAUTHENTICATED',
  );
});

test('while the provider is away, known keys count for any time, and it is asked once in each cooldown', async () => {
  await using provider = await startKeyServer();
  const first = await provider.addKey('first');
  const unknown = await provider.addKey('second');
  provider.removeKey('second');
  await provider.check(first);
  provider.fail();
  provider.clock.now += FETCH_AGAIN_AFTER_MS + 1;
  expect(await provider.check(first)).toBe('passed');
  for (let i = 0; i < 20; i++) expect(await provider.check(unknown)).toBe('AUTH_UNAVAILABLE');
  expect(provider.fetches()).toBe(2);
  provider.clock.now += COOLDOWN_MS;
  expect(await provider.check(unknown)).toBe('AUTH_UNAVAILABLE');
  expect(provider.fetches()).toBe(3);
  expect(await provider.check(first)).toBe('passed');
});

async function startKeyServer() {
  const keys = new Map<string, object>();
  const clock = { now: 0 };
  let fetches = 0;
  let status = 200;
  const server = createServer((_request, response) => {
    fetches++;
    response.writeHead(status).end(JSON.stringify({ keys: [...keys.values()] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwtJwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const config = { jwtIssuer: 'https://login.example', jwtJwksUrl };
  const signing = new SigningKeys({ config, log: SILENT, now: () => clock.now });
  return {
    clock,
    fetches: () => fetches,
    fail: () => {
      status = 500;
    },
    /** @returns a token that is signed with it. */
    async addKey(kid: string): Promise<string> {
      const { privateKey, publicKey } = await generateKeyPair('ES256');
      keys.set(kid, { ...(await exportJWK(publicKey)), kid, alg: 'ES256' });
      return new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
    },
    removeKey: (kid: string) => keys.delete(kid),
    /** @returns the code of the refusal, if it is one. */
    check: (token: string): Promise<string> =>
      jwtVerify(token, (header, jws) => signing.find(header, jws)).then(
        () => 'passed',
        ({ code }: { code: string }) => code,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
