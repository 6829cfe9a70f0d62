/** Tokens that were altered in any way, and how long a checked one is known. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Identity } from '../../../src/contract/principal.ts';
import { JwtTokens } from '../../../src/identity/jwtTokens.ts';
import { readConfig } from '../../../src/process/config.ts';
import { SILENT } from '../../support/models.ts';

const ISSUER = 'https://login.example';
const SECOND_MS = 1_000;

let provider: ReturnType<typeof createServer>;
let tokens: JwtTokens;
let privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA');
  ({ privateKey } = pair);
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'a', alg: 'EdDSA' };
  provider = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const address = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`;
  tokens = new JwtTokens({ config: configWith({ JWT_JWKS_URL: address }), log: SILENT });
});

afterAll(() => {
  provider.closeAllConnections();
  provider.close();
});

test('10,000 altered tokens are all UNAUTHENTICATED', async () => {
  const good = await sign({ sub: 'ada' });
  expect(await tokens.identify(good)).toMatchObject({ principal: { owner: 'ada', role: 'submitter' } });
  const piece = fc.oneof(fc.base64String(), fc.string(), fc.constantFrom('.', '..', 'eyJ', '{}', '\u0000'));
  // The last character of a signature has bits that do not count, so the cut is before it.
  const altered = fc
    .tuple(fc.integer({ min: 0, max: good.length - 2 }), fc.integer({ min: 1, max: 40 }), piece)
    .map(([at, count, text]) => good.slice(0, at) + text + good.slice(at + count))
    .filter((token) => token !== good);
  await fc.assert(
    fc.asyncProperty(altered, async (token) => {
      expect(await codeOf(token)).toBe('UNAUTHENTICATED');
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

test.each([
  ['org.id', { org: { id: 'shop' } }],
  ['https://app.example/owner', { 'https://app.example/owner': 'shop' }],
])('the owner is found at %s', async (path, claims) => {
  const address = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`;
  const own = new JwtTokens({
    config: configWith({ JWT_JWKS_URL: address, JWT_OWNER_CLAIM: path }),
    log: SILENT,
  });
  expect(await own.identify(await sign(claims))).toMatchObject({ principal: { owner: 'shop' } });
  expect(await codeOf(await sign({ org: 'shop' }), own)).toBe('UNAUTHENTICATED');
});

test.each([
  ['operator', 'operator'],
  [['viewer', 'submitter', 'king'], 'viewer'],
  [['king'], 'FORBIDDEN'],
  [undefined, 'FORBIDDEN'],
])('the roles %j give the role %s', async (roles, expected) => {
  const address = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`;
  const own = new JwtTokens({
    config: configWith({ JWT_JWKS_URL: address, JWT_ROLES_CLAIM: 'a.roles' }),
    log: SILENT,
  });
  const token = await sign({ sub: 'ada', a: { roles } });
  const found = await codeOf(token, own);
  expect(found === 'passed' ? (await own.identify(token)).principal.role : found).toBe(expected);
});

function configWith(env: Record<string, string>) {
  return readConfig({ JWT_ISSUER: ISSUER, JWT_AUDIENCE: 'tidings', JWT_CLOCK_TOLERANCE_S: '0', ...env });
}

function sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const exp = Math.floor(Date.now() / SECOND_MS) + 3_600;
  return new SignJWT({ iss: ISSUER, aud: 'tidings', exp, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'a' })
    .sign(privateKey);
}

async function codeOf(token: string, of = tokens): Promise<string> {
  try {
    await of.identify(token);
    return 'passed';
  } catch (error) {
    return (error as { code: string }).code;
  }
}
