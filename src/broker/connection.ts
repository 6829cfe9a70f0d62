/** The connection to the broker. It waits for a broker, and reconnects for ever. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import {
  AuthorizationError,
  type ConnectionOptions as ClientOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  TimeoutError,
} from '@nats-io/transport-node';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import type { BrokerAccess } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { readNatsUrl } from '../process/natsUrl.ts';
import { publicKeyOf } from './roleKeys.ts';
import { type BrokerRole, inboxPrefix } from './roles.ts';
import { tlsRefusal } from './tlsRefusal.ts';

export interface ConnectionOptions {
  readonly access: Partial<BrokerAccess>;
  /** It decides where replies come. The broker decides by the login what the process may do. */
  readonly role: BrokerRole;
  /** Shown in the broker's monitoring. */
  readonly name: string;
  readonly log: Logger;
  /** Ends the wait for the first connection. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_URL = 'nats://127.0.0.1:4222';
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;
const FIRST_CONNECT_RETRY_MS = 250;
const TRIES_PER_WARNING = 20;
const FIRST_WARNING =
  'waiting for the broker that NATS_URL names: npm start runs a broker of its own where NATS_URL is unset';
/** How often a login may be refused at the start (5 s): a broker takes a moment to read a new login. */
const LOGIN_TRIES = 20;
const GOODBYE_MS = 1_000;
/** After this time a server that accepts a connection and stays silent is given up for the next one. */
const CONNECT_TIMEOUT_MS = 5_000;
/** The time between pings. A silent link is given up at the third ping: after 4 to 6 s. */
const PING_INTERVAL_MS = 2_000;
/** The oldest server on which write-once subjects work together with a republish. */
const LEAST_SERVER = [2, 12] as const;

/**
 * Connects to a broker, and waits for one that is not there yet. After the first connection it reconnects by itself for
 * ever, even if its login is refused.
 *
 * @throws {ConfigurationError} if the broker is too old, has no JetStream, or keeps refusing the login. If the signal
 *   aborts, it throws the last failure.
 */
export async function connectPatiently(options: ConnectionOptions): Promise<NatsConnection> {
  const connection = await connectOnceThere(options);
  const problem = problemWith(connection);
  if (problem === undefined) return connection;
  await connection.close();
  throw new ConfigurationError(`NATS_URL must name ${problem}`);
}

async function connectOnceThere(options: ConnectionOptions): Promise<NatsConnection> {
  const { access, role, name, log, signal } = options;
  const { servers, tls } = readNatsUrl(access.natsUrl ?? DEFAULT_URL);
  const login = loginOf(access);
  // Otherwise the login would be sent unencrypted to a server that offers no encryption.
  const encryption = certificatesOf(access) ?? (tls ? {} : undefined);
  let loginsRefused = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect({
        servers: [...servers],
        ...login.options,
        ...(encryption && { tls: encryption }),
        // Without this the library closes the connection for good after two refusals in a row.
        ignoreAuthErrorAbort: true,
        inboxPrefix: inboxPrefix(role),
        name,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        reconnectJitter: 100,
        timeout: CONNECT_TIMEOUT_MS,
        pingInterval: PING_INTERVAL_MS,
        maxPingOut: 2,
        noAsyncTraces: true,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      loginsRefused = error instanceof AuthorizationError ? loginsRefused + 1 : 0;
      if (loginsRefused === LOGIN_TRIES) throw loginRefused(login, messageOf(error));
      if (attempt % TRIES_PER_WARNING === 1) {
        const refusal =
          error instanceof TimeoutError && encryption !== undefined
            ? await tlsRefusal(servers[0] ?? '', encryption)
            : undefined;
        log.warn(
          { servers, reason: refusal ?? messageOf(error) },
          attempt === 1 ? FIRST_WARNING : 'waiting for the broker',
        );
      }
      await sleep(FIRST_CONNECT_RETRY_MS);
    }
  }
}

/** The same access to another broker. A login in its address counts for it alone. */
export function accessWith(access: Partial<BrokerAccess>, natsUrl: string): Partial<BrokerAccess> {
  if (readNatsUrl(natsUrl).login === undefined) return { ...access, natsUrl };
  return { ...access, natsUrl, natsCreds: undefined, natsNkey: undefined, natsToken: undefined };
}

/** How a process shows who it is. */
interface Login {
  /** The setting that it comes from; undefined: there is none. */
  readonly setting: string | undefined;
  /** For the client library, which takes no login from a URL. */
  readonly options: Pick<ClientOptions, 'authenticator' | 'token' | 'user' | 'pass'>;
}

/** @throws {ConfigurationError} if a seed is damaged. */
function loginOf({ natsUrl, natsCreds, natsNkey, natsToken }: Partial<BrokerAccess>): Login {
  if (natsCreds !== undefined)
    return { setting: 'NATS_CREDS', options: { authenticator: credsAuthenticator(bytesOf(natsCreds)) } };
  if (natsNkey !== undefined) {
    checkSeed(natsNkey);
    return { setting: 'NATS_NKEY_FILE', options: { authenticator: nkeyAuthenticator(bytesOf(natsNkey)) } };
  }
  if (natsToken !== undefined) return { setting: 'NATS_TOKEN_FILE', options: { token: natsToken } };
  const { login } = readNatsUrl(natsUrl ?? DEFAULT_URL);
  if (login === undefined) return { setting: undefined, options: {} };
  const options = 'token' in login ? login : { user: login.user, pass: login.password };
  return { setting: 'NATS_URL', options };
}

function checkSeed(seed: string): void {
  try {
    publicKeyOf(seed);
  } catch (cause) {
    throw new ConfigurationError(
      `NATS_NKEY_FILE must hold the seed of an nkey as it was made, got one that is damaged (${messageOf(cause)}): make a new one with npm run broker -- keys`,
      { cause },
    );
  }
}

/** @throws {ConfigurationError} if a certificate or a key cannot be read, or if they do not belong together. */
function certificatesOf({ natsTlsCa: ca, natsTlsCert: cert, natsTlsKey: key }: Partial<BrokerAccess>) {
  if (ca === undefined && cert === undefined) return undefined;
  const certificates = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  try {
    for (const [pem] of `${ca} ${cert}`.matchAll(PEM_CERTIFICATE)) new X509Certificate(pem);
    createSecureContext(certificates);
  } catch (cause) {
    throw new ConfigurationError(
      `NATS_TLS_CA, NATS_TLS_CERT and NATS_TLS_KEY must name certificates in PEM and the key of the own one: ${messageOf(cause)}`,
      { cause },
    );
  }
  return certificates;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function loginRefused({ setting }: Login, reason: string): ConfigurationError {
  if (setting === undefined)
    return new ConfigurationError(
      'NATS_URL must have a login, as nats://user:password@host:port, or NATS_NKEY_FILE, NATS_CREDS or NATS_TOKEN_FILE ' +
        `must name one: the broker refuses a connection without a login (${reason})`,
    );
  const refusal = `${setting} must have a login that the broker takes: the broker refused the login of ${setting} ${LOGIN_TRIES} times (${reason}). `;
  return new ConfigurationError(
    refusal +
      (setting === 'NATS_URL'
        ? 'Compare it with the users of the broker, and percent-encode what is no letter or digit'
        : 'Compare it with the users of the broker'),
  );
}

function problemWith({ info }: NatsConnection): string | undefined {
  const version = info?.version ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (info?.jetstream !== true) return 'a nats-server with JetStream on (`-js`); this one has it off';
  const isNewEnough = major > LEAST_SERVER[0] || (major === LEAST_SERVER[0] && minor >= LEAST_SERVER[1]);
  return isNewEnough ? undefined : `a nats-server ${LEAST_SERVER.join('.')} or newer, got ${version}`;
}

/** Waits for the last requests of a process that stops, but not for a silent broker. */
export async function withinGoodbye(asking: Promise<unknown>): Promise<void> {
  await Promise.race([asking.catch(() => {}), sleep(GOODBYE_MS)]);
}
