/** The connection to the broker: made with patience, kept for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type NatsConnection, type ConnectionOptions as NatsOptions } from '@nats-io/transport-node';
import { ConfigurationError, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';

export interface ConnectionOptions {
  /** As `NATS_URL`: several servers separated by commas. */
  readonly url: string;
  /** Shown in the broker's monitoring. */
  readonly name: string;
  readonly log: Logger;
  /** Gives up waiting for the first connection. */
  readonly signal?: AbortSignal | undefined;
}

/** `user:password@` or `token@` behind the slashes. */
const LOGIN = /(?<=\/\/)([^:@/]*)(?::([^@/]*))?@/;
const FIRST_CONNECT_RETRY_MS = 250;
const GOODBYE_MS = 1_000;
/** A server that takes a connection and stays silent is given up for the next one. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A link that has gone silent is given up at the third ping: after 4 to 6 s, about the lease of a job. */
const PING_INTERVAL_MS = 2_000;
/** Write-once subjects with a republish work from 2.12 on. */
const LEAST_SERVER = [2, 12] as const;

/**
 * Connects to a broker that is new enough, waiting for one that is not there yet; once connected, it reconnects by
 * itself for ever.
 *
 * @throws {ConfigurationError} if the broker is too old or has no JetStream; the last failure, if the signal aborts.
 */
export async function connectPatiently({
  url,
  name,
  log,
  signal,
}: ConnectionOptions): Promise<NatsConnection> {
  const connection = await connectOnceThere({ url, name, log, signal });
  const problem = problemWith(connection);
  if (problem === undefined) return connection;
  await connection.close();
  throw new ConfigurationError(`NATS_URL must name ${problem}`);
}

async function connectOnceThere({ url, name, log, signal }: ConnectionOptions): Promise<NatsConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect({
        ...serversIn(url),
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
      if (attempt % 20 === 1)
        log.warn({ url: withoutPassword(url), reason: messageOf(error) }, 'waiting for the broker');
      await sleep(FIRST_CONNECT_RETRY_MS);
    }
  }
}

/** The client library takes no login from a URL: the first one that has a user or a token counts for all servers. */
function serversIn(url: string): Pick<NatsOptions, 'servers' | 'user' | 'pass' | 'token'> {
  const urls = url.split(',').map((server) => server.trim());
  const servers = urls.map((server) => server.replace(LOGIN, ''));
  const [, user = '', password] =
    urls.map((server) => LOGIN.exec(server)).find((found) => found !== null) ?? [];
  if (user === '') return { servers };
  return password === undefined
    ? { servers, token: decodeURIComponent(user) }
    : { servers, user: decodeURIComponent(user), pass: decodeURIComponent(password) };
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

function withoutPassword(url: string): string {
  return url.replaceAll(/\/\/[^@/,]*@/g, '//***@');
}
