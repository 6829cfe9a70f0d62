/** The connection to the broker. It waits for a broker, and reconnects for ever. */
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
  /** Ends the wait for the first connection. */
  readonly signal?: AbortSignal | undefined;
}

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
        // Otherwise the login would be sent unencrypted to a server that offers no encryption.
        ...(tls ? { tls: {} } : {}),
        // Without this the library closes the connection for good after two refusals in a row.
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

/** The options of the client library, which takes no login from a URL. */
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

/** Waits for the last requests of a process that stops, but not for a silent broker. */
export async function withinGoodbye(asking: Promise<unknown>): Promise<void> {
  await Promise.race([asking.catch(() => {}), sleep(GOODBYE_MS)]);
}
