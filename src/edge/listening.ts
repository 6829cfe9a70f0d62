/** Opens the port of the gateway, with or without TLS. */
import { once } from 'node:events';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { ConfigurationError } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { longestArrivalMs } from './arrivalTime.ts';
import {
  CertificateWatch,
  type CertifiedKey,
  certificateFiles,
  readCertificate,
  shownCertificate,
  stateOf,
} from './certificate.ts';
import { limitConnectionsPerAddress } from './connectionsPerAddress.ts';
import { createServer } from './nodeHttp.ts';
import { createSecure } from './secureServer.ts';

export interface ListenOptions {
  readonly config: Pick<
    Config,
    | 'host'
    | 'port'
    | 'gateways'
    | 'maxConnections'
    | 'maxConnectionsPerAddress'
    | 'keepAliveMs'
    | 'requestTimeoutMs'
    | 'blobMaxBytes'
    | 'tlsCertFile'
    | 'tlsKeyFile'
  >;
  readonly log: Logger;
}

interface Listening {
  readonly http: HttpServer;
  /** Undefined without TLS. */
  readonly watch: CertificateWatch | undefined;
}

/** How often connections are checked for their time limits. */
const CHECK_CONNECTIONS_MS = 500;

/** @throws {ConfigurationError} if it cannot listen. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { config } = options;
  const listening = await makeServer(options);
  const { http, watch } = listening;
  http.maxConnections = config.maxConnections;
  if (config.maxConnectionsPerAddress !== undefined)
    limitConnectionsPerAddress(http, config.maxConnectionsPerAddress);
  http.listen({ port: config.port, host: config.host, reusePort: config.gateways > 1 });
  await once(http, 'listening').catch((error: NodeJS.ErrnoException) => {
    watch?.[Symbol.dispose]();
    throw listenProblem(error, config);
  });
  return listening;
}

/** @throws {ConfigurationError} if there are files of a certificate that cannot be used. */
async function makeServer({ config, log }: ListenOptions): Promise<Listening> {
  const http1Options = {
    // `Server` limits each request by what it is, see `arrivalTime.ts`.
    requestTimeout: longestArrivalMs(config),
    headersTimeout: config.requestTimeoutMs,
    connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    keepAliveTimeout: config.keepAliveMs,
    // Probes of the health send no Host. Admission refuses all other requests without one.
    requireHostHeader: false,
  };
  // Other upgrades that a client offers (such as h2c) are ignored, and the request is answered as it is.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage) =>
    headers.upgrade?.toLowerCase() === 'websocket';
  const files = certificateFiles(config);
  if (files === undefined)
    return { http: createServer({ ...http1Options, shouldUpgradeCallback }), watch: undefined };
  const known = await stateOf(files);
  const certificate = await readCertificate(files);
  const http = Object.assign(createSecure({ certificate, config, http1Options }), { shouldUpgradeCallback });
  log.info(shownCertificate(certificate), 'connections are encrypted with this certificate');
  const use = (renewed: CertifiedKey) => http.setSecureContext(renewed);
  return { http, watch: new CertificateWatch({ files, known, use, log }) };
}

function listenProblem(
  error: NodeJS.ErrnoException,
  { host, port, gateways }: ListenOptions['config'],
): Error {
  const { code } = error;
  switch (code) {
    case 'ENOTSUP':
      return new ConfigurationError(
        `GATEWAYS must be 1 on a system that cannot share a port, got ${gateways}`,
      );
    case 'EADDRINUSE':
      return new ConfigurationError(
        `PORT must be free, got ${port}, which another program has taken on ${host}; for another port: PORT=4001 npm start`,
      );
    case 'EACCES':
      return new ConfigurationError(
        `PORT must be one that this user may listen on, got ${port} (${code}); for another port: PORT=4001 npm start`,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(
        `HOST must be an address of this machine, or a name of one, got ${JSON.stringify(host)} (${code}); for this machine alone: 127.0.0.1, for all its addresses: 0.0.0.0`,
      );
    default:
      return error;
  }
}
