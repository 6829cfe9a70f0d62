/** A real OpenID provider on loopback, and tokens of any content that are signed with its key. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';

export const AUDIENCE = 'urn:tidings';
const CLIENT_SECRET = 'a-secret-of-the-test';
const KID = 'the-key';

export interface OidcProvider extends AsyncDisposable {
  readonly issuer: string;
  /** A token as the provider itself gives it. Its `sub` is the client `batch-job`. */
  accessToken(): Promise<string>;
  /** A token as it could give it. Members that are undefined are left out. */
  sign(claims?: Readonly<Record<string, unknown>>, header?: { readonly kid?: string }): Promise<string>;
  /** How often its keys were fetched. */
  keyFetches(): number;
  /** The public key in PEM, which an attacker could take for a shared secret. */
  readonly publicKey: string;
  stop(): Promise<void>;
}

/** The client that gets tokens has the role `operator`. */
export async function startOidcProvider(): Promise<OidcProvider> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'batch-job',
        client_secret: CLIENT_SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: KID, use: 'sig', alg: 'RS256' }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', accessTokenFormat: 'jwt', audience: AUDIENCE }),
      },
    },
    extraTokenClaims: () => ({ roles: ['operator'] }),
  });
  let fetches = 0;
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/jwks') fetches++;
    void answer(request, response);
  });
  const stop = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', publicKey as CryptoKey)).toString('base64');
  return {
    issuer,
    publicKey: `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----`,
    keyFetches: () => fetches,
    async accessToken() {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`batch-job:${CLIENT_SECRET}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE }),
      });
      const { access_token } = (await response.json()) as { access_token: string };
      return access_token;
    },
    sign: (claims, header) =>
      new SignJWT({ iss: issuer, aud: AUDIENCE, sub: 'ada', exp: inSeconds(3_600), ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: KID, ...header })
        .sign(privateKey),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Seconds since the epoch. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}
