/** When the keys of a provider are fetched. The provider is a server of the test, and the clock is the test's. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { SigningKeys } from '../../../src/identity/signingKeys.ts';
import { eventually } from '../../support/eventually.ts';
import { SILENT } from '../../support/models.ts';

const FETCH_EVERY_MS = 10_000;
const FETCHES_AT_ONCE = 3;
const FETCH_AGAIN_AFTER_MS = 300_000;

test('a new key of the provider counts at once, also shortly after another fetch', async () => {
  await using provider = await startKeyServer();
  expect(await provider.check(await provider.addKey('first'))).toBe('passed');
  expect(await provider.check(await provider.addKey('second'))).toBe('passed');
  expect(provider.fetches()).toBe(2);
});

test('during a flood of unknown keys the provider is asked a few times, and a new key is refused for now only', async () => {
  await using provider = await startKeyServer();
  expect(await provider.check(await provider.addKey('first'))).toBe('passed');
  const unknown = await provider.addKey('unknown');
  provider.removeKey('unknown');
  const answers: string[] = [];
  for (let i = 0; i < 20; i++) answers.push(await provider.check(unknown));
  expect(provider.fetches()).toBe(FETCHES_AT_ONCE);
  expect(answers.slice(0, 2)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  expect(new Set(answers.slice(2))).toEqual(new Set(['AUTH_UNAVAILABLE']));
  const fresh = await provider.addKey('fresh');
  expect(await provider.check(fresh)).toBe('AUTH_UNAVAILABLE');
  provider.clock.now += FETCH_EVERY_MS;
  expect(await provider.check(fresh)).toBe('passed');
});

test('any number of tokens at once lead to one fetch', async () => {
  await using provider = await startKeyServer();
  const token = await provider.addKey('first');
  const checks = Array.from({ length: 100 }, () => provider.check(token));
  expect(new Set(await Promise.all(checks))).toEqual(new Set(['passed']));
  expect(provider.fetches()).toBe(1);
});

test('a key that the provider has withdrawn no longer counts after five minutes and one more token', async () => {
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

test('while the provider is away, known keys count for any time, and it is asked a few times only', async () => {
  await using provider = await startKeyServer();
  const first = await provider.addKey('first');
  const unknown = await provider.addKey('second');
  provider.removeKey('second');
  await provider.check(first);
  provider.fail();
  provider.clock.now += FETCH_AGAIN_AFTER_MS + 1;
  expect(await provider.check(first)).toBe('passed');
  for (let i = 0; i < 20; i++) expect(await provider.check(unknown)).toBe('AUTH_UNAVAILABLE');
  expect(provider.fetches()).toBe(1 + FETCHES_AT_ONCE);
  provider.clock.now += FETCH_EVERY_MS;
  expect(await provider.check(unknown)).toBe('AUTH_UNAVAILABLE');
  expect(provider.fetches()).toBe(2 + FETCHES_AT_ONCE);
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
      jwtVerify(token, async (header, jws) => {
        const [key] = await signing.find(header, jws);
        if (key === undefined) throw new Error('it finds one, or throws');
        return key;
      }).then(
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
