/** The connection to the broker: made with patience, kept for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AuthorizationError, connect, type NatsConnection } from '@nats-io/transport-node';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { type BrokerAddress, readNatsUrl } from '../process/natsUrl.ts';

export interface ConnectionOptions {
  /** As `NATS_URL`: several servers separated by commas. */
  readonly url: string;
  /** Shown in the broker's monitoring. */
  readonly name: string;
  readonly log: Logger;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_CONNECT_RETRY_MS = 250;
const TRIES_PER_WARNING = 20;
const FIRST_WARNING =
  'waiting for the broker that NATS_URL names: npm start runs a broker of its own where NATS_URL is unset';
/** So often a login may be refused at start, 5 s: a broker that is given a new one takes a moment to read it. */
const LOGIN_TRIES = 20;
const GOODBYE_MS = 1_000;
/** A server that takes a connection and stays silent is given up for the next one. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A link that has gone silent is given up at the third ping: after 4 to 6 s, about the lease of a job. */
const PING_INTERVAL_MS = 2_000;
/** Write-once subjects with a republish work from 2.12 on. */
const LEAST_SERVER = [2, 12] as const;

/**
 * Connects to a broker that is new enough, waiting for one that is not there yet; once connected, it reconnects by
 * itself for ever, also where its login is refused.
 *
 * @throws {ConfigurationError} if the broker is too old, has no JetStream or goes on refusing the login; the last failure,
 *   if the signal aborts.
 */
export async function connectPatiently({
  url,
  name,
  log,
  signal,
}: ConnectionOptions): Promise<NatsConnection> {
  const connection = await connectOnceThere(readNatsUrl(url), { name, log, signal });
  const problem = problemWith(connection);
  if (problem === undefined) return connection;
  await connection.close();
  throw new ConfigurationError(`NATS_URL must name ${problem}`);
}

async function connectOnceThere(
  { servers, login, tls }: BrokerAddress,
  { name, log, signal }: Omit<ConnectionOptions, 'url'>,
): Promise<NatsConnection> {
  let loginsRefused = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect({
        servers: [...servers],
        ...credentialsOf(login),
        // Otherwise a server that offers no encryption would be sent the login unencrypted.
        ...(tls ? { tls: {} } : {}),
        // After two refusals in a row the library would close the connection for good.
        ignoreAuthErrorAbort: true,
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
      if (attempt % TRIES_PER_WARNING === 1)
        log.warn(
          { servers, reason: messageOf(error) },
          attempt === 1 ? FIRST_WARNING : 'waiting for the broker',
        );
      await sleep(FIRST_CONNECT_RETRY_MS);
    }
  }
}

/** In the words of the client library, which takes no login from a URL. */
function credentialsOf(login: BrokerAddress['login']) {
  if (login === undefined) return {};
  return 'token' in login ? { token: login.token } : { user: login.user, pass: login.password };
}

function loginRefused(login: BrokerAddress['login'], reason: string): ConfigurationError {
  return new ConfigurationError(
    login === undefined
      ? `NATS_URL must have a login, as nats://user:password@host:port: the broker refuses a connection without one (${reason})`
      : `NATS_URL must have a login that the broker takes: the broker refused the login of NATS_URL ${LOGIN_TRIES} times (${reason}). ` +
          'Compare it with the users of the broker, and percent-encode what is no letter or digit',
  );
}

function problemWith({ info }: NatsConnection): string | undefined {
  const version = info?.version ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (info?.jetstream !== true) return 'a nats-server with JetStream on (`-js`); this one has it off';
  const isNewEnough = major > LEAST_SERVER[0] || (major === LEAST_SERVER[0] && minor >= LEAST_SERVER[1]);
  return isNewEnough ? undefined : `a nats-server ${LEAST_SERVER.join('.')} or newer, got ${version}`;
}

/** Waits for what a process that leaves still asks of the broker, but not for a broker that has gone silent. */
export async function withinGoodbye(asking: Promise<unknown>): Promise<void> {
  await Promise.race([asking.catch(() => {}), sleep(GOODBYE_MS)]);
}
