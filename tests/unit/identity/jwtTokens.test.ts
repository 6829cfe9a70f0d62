/** Tokens that were altered in any way, and how long a checked one is known. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Identity } from '../../../src/contract/principal.ts';
import { JwtTokens } from '../../../src/identity/jwtTokens.ts';
import { readConfig } from '../../../src/process/config.ts';
import { eventually } from '../../support/eventually.ts';
import { SILENT } from '../../support/models.ts';

const ISSUER = 'https://login.example';
const SECOND_MS = 1_000;

let served: Awaited<ReturnType<typeof serveKeys>>;
let tokens: JwtTokens;
let pair: GenerateKeyPairResult;

beforeAll(async () => {
  pair = await generateKeyPair('EdDSA');
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'a', alg: 'EdDSA' };
  served = await serveKeys(() => [jwk]);
  tokens = tokensOf({});
});

afterAll(() => served[Symbol.asyncDispose]());

test('10,000 altered tokens are all refused', async () => {
  const good = await sign({ sub: 'ada' });
  expect(await tokens.identify(good)).toMatchObject({ principal: { owner: 'ada', role: 'submitter' } });
  const piece = fc.oneof(fc.base64String(), fc.string(), fc.constantFrom('.', '..', 'eyJ', '{}', '\u0000'));
  const signed = good.slice(0, good.lastIndexOf('.') + 1);
  const signatureIn = (token: string) => Buffer.from(token.slice(signed.length), 'base64url');
  // The bytes of a signature can be written in several ways: its last character has bits that do not count.
  const isSame = (token: string) => token.startsWith(signed) && signatureIn(token).equals(signatureIn(good));
  const altered = fc
    .tuple(fc.integer({ min: 0, max: good.length - 2 }), fc.integer({ min: 1, max: 40 }), piece)
    .map(([at, count, text]) => good.slice(0, at) + text + good.slice(at + count))
    .filter((token) => !isSame(token));
  await fc.assert(
    fc.asyncProperty(altered, async (token) => {
      // Some name a key that is not known, which may have come since the last look.
      expect(await codeOf(token)).toMatch(/^(UNAUTHENTICATED|AUTH_UNAVAILABLE)$/);
    }),
    { numRuns: 10_000 },
  );
});

test('a token counts until it expires, also one that was checked before', async () => {
  const exp = Math.floor(Date.now() / SECOND_MS) + 60;
  const identity = await tokens.identify(await sign({ sub: 'ada', exp }));
  expect(identity.endedBy?.()).toBeUndefined();
  const { now } = Date;
  try {
    Date.now = () => exp * SECOND_MS - 1;
    expect(identity.endedBy?.()).toBeUndefined();
    Date.now = () => exp * SECOND_MS;
    expect(identity.endedBy?.()).toBe('has expired');
  } finally {
    Date.now = now;
  }
});

test('a checked token is known at once when it comes again', async () => {
  const token = await sign({ sub: 'ada' });
  const first: Identity = await tokens.identify(token);
  expect(tokens.identify(token)).toBe(first);
});

test('a token without kid is tried with each key that fits', async () => {
  const [first, second, stranger] = await Promise.all(
    Array.from({ length: 3 }, () => generateKeyPair('EdDSA')),
  );
  const jwks = await Promise.all(
    [first, second, pair].flatMap((each) => (each === undefined ? [] : exportJWK(each.publicKey))),
  );
  await using several = await serveKeys(() => jwks);
  const own = tokensOf({ JWT_JWKS_URL: several.address });
  const token = await sign({ sub: 'ada' }, {});
  const forged = await sign({ sub: 'ada' }, {}, stranger?.privateKey);
  expect(await own.identify(token)).toMatchObject({ principal: { owner: 'ada' } });
  expect(await codeOf(forged, own)).toBe('UNAUTHENTICATED');
});

test('a checked token ends when the provider has withdrawn its key, with what it has open', async () => {
  let jwks = [{ ...(await exportJWK(pair.publicKey)), kid: 'a' }];
  await using changing = await serveKeys(() => jwks);
  let now = 0;
  const own = tokensOf({ JWT_JWKS_URL: changing.address }, () => now);
  const token = await sign({ sub: 'ada' });
  const open = await own.identify(token);
  expect(open.endedBy?.()).toBeUndefined();
  jwks = [];
  now += 300_001;
  await eventually(
    async () => open.endedBy?.(),
    (end) => end === 'was revoked',
  );
  expect((await own.identify(token)).endedBy?.()).toBe('was revoked');
  expect(await codeOf(token, own)).toBe('UNAUTHENTICATED');
});

test.each([
  ['org.id', { org: { id: 'shop' } }],
  ['https://app.example/owner', { 'https://app.example/owner': 'shop' }],
])('the owner is found at %s', async (path, claims) => {
  const own = tokensOf({ JWT_OWNER_CLAIM: path });
  expect(await own.identify(await sign(claims))).toMatchObject({ principal: { owner: 'shop' } });
  expect(await codeOf(await sign({ org: 'shop' }), own)).toBe('UNAUTHENTICATED');
});

test.each([
  ['operator', 'operator'],
  [['viewer', 'submitter', 'king'], 'viewer'],
  [['king'], 'FORBIDDEN'],
  [undefined, 'FORBIDDEN'],
])('the roles %j give the role %s', async (roles, expected) => {
  const own = tokensOf({ JWT_ROLES_CLAIM: 'a.roles' });
  const token = await sign({ sub: 'ada', a: { roles } });
  const found = await codeOf(token, own);
  expect(found === 'passed' ? (await own.identify(token)).principal.role : found).toBe(expected);
});

function tokensOf(env: Record<string, string>, now = () => performance.now()): JwtTokens {
  const config = readConfig({
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: 'tidings',
    JWT_CLOCK_TOLERANCE_S: '0',
    JWT_JWKS_URL: served.address,
    ...env,
  });
  return new JwtTokens({ config, log: SILENT, now });
}

/** A provider's keys. They are asked for at each request. */
async function serveKeys(keys: () => readonly JWK[]) {
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys: keys() })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function sign(
  claims: Readonly<Record<string, unknown>>,
  header: { readonly kid?: string } = { kid: 'a' },
  key = pair.privateKey,
): Promise<string> {
  const exp = Math.floor(Date.now() / SECOND_MS) + 3_600;
  return new SignJWT({ iss: ISSUER, aud: 'tidings', exp, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', ...header })
    .sign(key);
}

async function codeOf(token: string, of = tokens): Promise<string> {
  try {
    await of.identify(token);
    return 'passed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}
