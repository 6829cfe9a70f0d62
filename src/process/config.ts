/**
 * Every environment variable that Tidings reads, in one table: name, unit, default and what a choice costs. Only entry
 * points call `readConfig`; all other code receives values. A test compares the tables of docs/configuration.md with
 * this one: the same settings, in the same order.
 */

import { isIP } from 'node:net';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';
import { STEP_NAMES } from '../contract/work.ts';
import { readNatsUrl } from './natsUrl.ts';
import { readSmallFile } from './smallFile.ts';

interface Setting<T> {
  readonly name: string;
  readonly unit: string;
  /** As a user would write it; undefined: optional without a default. */
  readonly default: string | undefined;
  /** What the setting does and what a bad choice costs, for docs/configuration.md. */
  readonly consequence: string;
  /** @throws {string} the rule that the text breaks. */
  readonly parse: (text: string | undefined) => T;
  /** Whether its value stays out of logs and messages, and may stand in the file that `<name>_FILE` names. */
  readonly secret?: true;
  /** Whether it names a file with a secret. */
  readonly namesSecret?: true;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const CREDENTIALS = /^-+BEGIN NATS USER JWT-+\n[\s\S]*\n-+BEGIN USER NKEY SEED-+\n\s*SU/;
const USER_SEED = /^SU[A-Z2-7]{56}$/;
const ONE_LINE = /^[!-~]+$/;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/;
const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[\s\S]+-----END PUBLIC KEY-----/;
const PRIVATE_KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]+-----END (?:RSA |EC )?PRIVATE KEY-----/;

const TRACES_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type TracesSampler = (typeof TRACES_SAMPLERS)[number];
/** What the exporter of spans logs in with at a collector. It reads them itself. */
const COLLECTOR_SECRETS = [
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  'OTEL_EXPORTER_OTLP_CLIENT_KEY',
  'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY',
];

const settings = {
  // Every process.
  natsUrl: {
    name: 'NATS_URL',
    unit: 'URL list',
    default: undefined,
    consequence:
      'The broker, as `nats://host:port`, or `tls://host:port` for an encrypted connection. Several addresses are separated by commas. A login stands in the address, as `nats://user:password@host:port` or `nats://token@host:port`, and is percent-encoded: `%40` for `@`, `%2F` for `/`. Unset: `npm start` runs a broker of its own.',
    parse: natsUrl,
    secret: true,
  },
  blobsNatsUrl: {
    name: 'BLOBS_NATS_URL',
    unit: 'URL list',
    default: undefined,
    consequence:
      'A broker of their own for blobs and artifacts, as `NATS_URL`. Without a login in the address, that of `NATS_URL` or the files counts. All processes need the same. Unset: they are in the broker of `NATS_URL`.',
    parse: natsUrl,
    secret: true,
  },
  natsCreds: {
    name: 'NATS_CREDS',
    unit: 'file',
    default: undefined,
    consequence:
      'The credentials of a user, with JWT and seed, for a broker in operator mode. `nsc` writes such files.',
    parse: fileWith('the credentials of a user, as nsc writes them', CREDENTIALS),
    namesSecret: true,
  },
  natsNkey: {
    name: 'NATS_NKEY_FILE',
    unit: 'file',
    default: undefined,
    consequence:
      'The seed of the nkey with which this process logs in. `npm run broker -- keys` makes one for each role. `npm start` sets it for its own broker.',
    parse: fileWith("the seed of a user's nkey, which begins with SU", USER_SEED),
    namesSecret: true,
  },
  natsToken: {
    name: 'NATS_TOKEN_FILE',
    unit: 'file',
    default: undefined,
    consequence: 'The token of a broker whose clients log in by a token.',
    parse: fileWith('a token in one line', ONE_LINE),
    namesSecret: true,
  },
  natsTlsCa: {
    name: 'NATS_TLS_CA',
    unit: 'file',
    default: undefined,
    consequence:
      'The certificates, in PEM, of which one has to have signed the certificate of the broker. With it the connection is always encrypted. Unset: those that Node trusts.',
    parse: fileWith('certificates in PEM', CERTIFICATE),
  },
  natsTlsCert: {
    name: 'NATS_TLS_CERT',
    unit: 'file',
    default: undefined,
    consequence:
      'The certificate, in PEM, that this process shows to a broker that asks for one (mutual TLS). It goes together with `NATS_TLS_KEY`. The connection is always encrypted.',
    parse: fileWith('a certificate in PEM', CERTIFICATE),
  },
  natsTlsKey: {
    name: 'NATS_TLS_KEY',
    unit: 'file',
    default: undefined,
    consequence: 'The private key of `NATS_TLS_CERT`, in PEM, without a passphrase.',
    parse: fileWith('a private key in PEM without a passphrase', PRIVATE_KEY),
    namesSecret: true,
  },
  modelsDir: {
    name: 'MODELS_DIR',
    unit: 'folder',
    default: 'models',
    consequence: 'The models to serve, one folder each. Gateways and workers must see the same content.',
    parse: text,
  },
  dataDir: {
    name: 'DATA_DIR',
    unit: 'folder',
    default: '.data',
    consequence:
      'Where the broker of `npm start` keeps its streams and its keys, where workers keep the versions of the registry, in `models`, and trainers the files of their steps, in `scratch`. One running Tidings uses a folder, and only its user may enter it. Workers of one system on one machine may share it.',
    parse: text,
  },
  modelSigningKey: {
    name: 'MODEL_SIGNING_KEY_FILE',
    unit: 'file',
    default: undefined,
    consequence:
      'A private key for Ed25519, in PEM, with which trainers and `npm run model -- push` sign the versions that they bring into the registry. Unset: they are not signed.',
    parse: fileWith('a private key in PEM', PRIVATE_KEY),
    namesSecret: true,
  },
  logLevel: {
    name: 'LOG_LEVEL',
    unit: 'level',
    default: 'info',
    consequence: '`debug` logs each task; `warn` logs only what needs attention.',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  logFormat: {
    name: 'LOG_FORMAT',
    unit: '`json` or `pretty`',
    default: 'json',
    consequence: '`pretty` is for people (`npm start` sets it). `json` is for machines, and faster.',
    parse: oneOf('json', 'pretty'),
  },
  metricsPort: {
    name: 'METRICS_PORT',
    unit: 'TCP port',
    default: undefined,
    consequence:
      'Port with `/metrics`, `/health` and `/ready` of this process; 0 takes a free one. Each process on a machine needs its own; `npm start` has one port for all its processes. Unset: there is none.',
    parse: optionalInteger(0, 65_535),
  },
  metricsHost: {
    name: 'METRICS_HOST',
    unit: 'address',
    default: '127.0.0.1',
    consequence:
      'Address of `METRICS_PORT`. Each client that reaches it can read the metrics, which name models and count tasks: give it an address that only Prometheus reaches.',
    parse: text,
  },
  otlpEndpoint: {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    unit: 'URL',
    default: undefined,
    consequence:
      'A collector of OpenTelemetry, to which spans are sent over OTLP/HTTP in protobuf: to `/v1/traces` below this address. Unset: nothing is traced, and tracing is not loaded.',
    parse: optionalUrl,
  },
  otlpTracesEndpoint: {
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    unit: 'URL',
    default: undefined,
    consequence: 'The same as a whole address, which counts before `OTEL_EXPORTER_OTLP_ENDPOINT`.',
    parse: optionalUrl,
  },
  tracesSampler: {
    name: 'OTEL_TRACES_SAMPLER',
    unit: 'sampler',
    default: 'parentbased_traceidratio',
    consequence:
      'Which traces are recorded: `always_on`, `always_off`, `traceidratio`, or one of them with `parentbased_` before its name, which follows clients that name a trace of their own. All processes need the same.',
    parse: oneOf(...TRACES_SAMPLERS),
  },
  tracesSamplerArg: {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    unit: 'share from 0 to 1',
    default: '0.01',
    consequence:
      'The share of traces that the samplers by ratio record. A recorded task costs about 0.15 ms of CPU.',
    parse: share,
  },
  taskHistory: {
    name: 'TASK_HISTORY',
    unit: '`true` or `false`',
    default: 'false',
    consequence:
      'Whether workers keep what happened to a task with its end, and gateways show it as `log`. It takes about 150 bytes of the store of results for each end.',
    parse: flag,
  },

  // Gateways.
  host: {
    name: 'HOST',
    unit: 'address',
    default: '127.0.0.1',
    consequence:
      'Address the gateway listens on. Any address but loopback lets other machines ask it, and needs `AUTH`.',
    parse: text,
  },
  port: {
    name: 'PORT',
    unit: 'TCP port',
    default: '4000',
    consequence: 'Port of the gateway; 0 takes a free one.',
    parse: integer(0, 65_535),
  },
  tlsCertFile: {
    name: 'TLS_CERT_FILE',
    unit: 'PEM file',
    default: undefined,
    consequence:
      'Certificate of the gateway, followed by those that lead to its root. With it and its key the gateway speaks HTTPS: HTTP/2, and HTTP/1.1 for WebSockets. New files are read within 5 s, for new connections. Unset: HTTP/1.1 without encryption.',
    parse: optionalText,
  },
  tlsKeyFile: {
    name: 'TLS_KEY_FILE',
    unit: 'PEM file',
    default: undefined,
    consequence: 'Private key of the certificate in `TLS_CERT_FILE`, without a passphrase.',
    parse: optionalText,
  },
  allowedOrigins: {
    name: 'ALLOWED_ORIGINS',
    unit: 'list of origins',
    default: '',
    consequence:
      'Web pages of other origins that may call the gateway (CORS, WebSocket), such as `https://app.example`. `*` allows every page that has an origin.',
    parse: origins,
  },
  allowedHosts: {
    name: 'ALLOWED_HOSTS',
    unit: 'list of names',
    default: '',
    consequence:
      'Names under which the gateway answers, without ports, such as `api.example`; `*` is any name. `localhost`, `127.…` and `[::1]` are always allowed. Empty: only these three if `HOST` is loopback; any name otherwise, which lets a web page use the gateway whose name points at it.',
    parse: hostNames,
  },
  trustProxy: {
    name: 'TRUST_PROXY',
    unit: 'list of addresses, or a number',
    default: '',
    consequence:
      'Proxies whose `X-Forwarded-For`, `-Host` and `-Proto`, or `Forwarded`, are believed: addresses and networks such as `10.0.0.5,fd00::/8`, or how many proxies stand one behind another in front of each gateway. A client that reaches the gateway past these proxies, or a proxy that passes such a header on as it came, can then make up its address. Empty: the headers are ignored, with a warning, and all clients behind a proxy have its address.',
    parse: trustedProxies,
  },
  registryKeep: {
    name: 'REGISTRY_KEEP',
    unit: 'versions per model',
    default: '10',
    consequence:
      'The newest versions of the registry that a model keeps, beside those that its rollout names and the last three that had a share. Workers serve all that are kept, so each takes memory there. Others are retired. All gateways need the same.',
    parse: integer(1, 1_000),
  },
  auth: {
    name: 'AUTH',
    unit: '`none`, or a list of `keys` and `jwt`',
    default: undefined,
    consequence:
      'How clients show who they are: with API keys (`npm run key`), with tokens of an OpenID provider, or with either (`keys,jwt`). `none`: everybody who reaches the gateway is the same owner. Unset: `none` if `HOST` is loopback; otherwise the gateway does not start.',
    parse: authModes,
  },
  jwtIssuer: {
    name: 'JWT_ISSUER',
    unit: 'URL',
    default: undefined,
    consequence:
      'The OpenID provider whose tokens count where `AUTH` has `jwt`, as its tokens name it in `iss`. Its keys are found at `/.well-known/openid-configuration` below this address.',
    parse: optionalUrl,
  },
  jwtAudience: {
    name: 'JWT_AUDIENCE',
    unit: 'text',
    default: undefined,
    consequence:
      'What tokens must name in `aud`, so that tokens for other services do not count. Needed where `AUTH` has `jwt`.',
    parse: optionalText,
  },
  jwtJwksUrl: {
    name: 'JWT_JWKS_URL',
    unit: 'URL',
    default: undefined,
    consequence: 'The keys of the provider (JWKS), if they are not to be found through `JWT_ISSUER`.',
    parse: optionalUrl,
  },
  jwtAlgorithms: {
    name: 'JWT_ALGORITHMS',
    unit: 'list',
    default: 'RS256,PS256,ES256,EdDSA',
    consequence: 'Signatures that count. Signatures with a shared secret (`HS256`) never do.',
    parse: listOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'),
  },
  jwtClockToleranceS: {
    name: 'JWT_CLOCK_TOLERANCE_S',
    unit: 's',
    default: '5',
    consequence:
      'How far the clocks of the provider and the gateway may differ. A token counts so much longer.',
    parse: integer(0, 300),
  },
  jwtOwnerClaim: {
    name: 'JWT_OWNER_CLAIM',
    unit: 'path',
    default: 'sub',
    consequence:
      'The member of a token that names the owner of its tasks. `org.id` is `id` in `org`. Tokens without it are refused.',
    parse: text,
  },
  jwtRolesClaim: {
    name: 'JWT_ROLES_CLAIM',
    unit: 'path',
    default: undefined,
    consequence:
      'The member of a token with its roles, a text or a list, such as `realm_access.roles`. Of `submitter`, `viewer` and `operator` the last one in this order counts, and tokens without any are refused with `FORBIDDEN`. Unset: every token is a `submitter`.',
    parse: optionalText,
  },
  operatorToken: {
    name: 'OPERATOR_TOKEN',
    unit: 'text, at least 16 characters',
    default: undefined,
    consequence:
      'A key of the role `operator` ([roles](security.md#roles)). Take a random one. Where `AUTH` is set, it must not look like an API key (`tid_…`) or, with `jwt`, like a JWT (three parts with dots between them). Unset: with `AUTH=none`, everybody has this role if `HOST` is loopback, and nobody otherwise.',
    parse: token(16),
    secret: true,
  },
  graphiql: {
    name: 'GRAPHIQL',
    unit: '`true` or `false`',
    default: 'true',
    consequence: 'Whether browsers get GraphiQL at `/graphql`.',
    parse: flag,
  },
  console: {
    name: 'CONSOLE',
    unit: '`on` or `off`',
    default: 'on',
    consequence:
      'Whether browsers get the [console](console.md) at `/console`. It needs no other right than the client that opens it has.',
    parse: onOrOff,
  },
  traceUrl: {
    name: 'TRACE_URL',
    unit: 'URL with `{traceId}`',
    default: undefined,
    consequence:
      'Where a trace can be looked at, such as `http://127.0.0.1:16686/trace/{traceId}` of Jaeger: `Task.traceUrl`, which the console shows as a link. All who may read a task see it. Unset: there is no link.',
    parse: traceUrl,
  },
  introspection: {
    name: 'INTROSPECTION',
    unit: '`true` or `false`',
    default: 'true',
    consequence:
      'Whether clients may ask for the schema (`__schema`, `__type`). `false` also keeps names that a client did not send out of error messages. GraphiQL then shows no documentation.',
    parse: flag,
  },
  persistedOperations: {
    name: 'PERSISTED_OPERATIONS',
    unit: 'JSON file',
    default: undefined,
    consequence:
      'Trusted operations by their ids, as the builds of Relay, graphql-codegen or Apollo write them. Clients may send an id instead of the text. It is read at the start.',
    parse: optionalText,
  },
  persistedOperationsOnly: {
    name: 'PERSISTED_OPERATIONS_ONLY',
    unit: '`true` or `false`',
    default: 'false',
    consequence:
      'Whether all operations that `PERSISTED_OPERATIONS` does not list are refused (`OPERATION_NOT_PERSISTED`), those of GraphiQL included.',
    parse: flag,
  },
  maxBodyBytes: {
    name: 'MAX_BODY_BYTES',
    unit: 'bytes',
    default: String(2 * MIB),
    consequence: 'Largest HTTP body (`PAYLOAD_TOO_LARGE`) and WebSocket message (close code 1009).',
    parse: integer(1 * KIB, 64 * MIB),
  },
  blobMaxBytes: {
    name: 'BLOB_MAX_BYTES',
    unit: 'bytes',
    default: String(128 * MIB),
    consequence:
      'Largest blob that a client may store (`PAYLOAD_TOO_LARGE`). One gateway receives four times as many bytes of blobs at a time, on the disk of `BLOB_SPOOL_DIR`. Beyond it: `GATEWAY_BUSY`.',
    parse: integer(64 * KIB, 2 * GIB),
  },
  blobMaxUploadBytes: {
    name: 'BLOB_MAX_UPLOAD_BYTES',
    unit: 'bytes',
    default: String(GIB),
    consequence:
      'Largest artifact that an operator may store (`PAYLOAD_TOO_LARGE`). One gateway receives twice as many bytes of artifacts at a time, on the disk of `BLOB_SPOOL_DIR`. Beyond it: `GATEWAY_BUSY`.',
    parse: integer(64 * KIB, 64 * GIB),
  },
  blobSpoolDir: {
    name: 'BLOB_SPOOL_DIR',
    unit: 'folder',
    default: undefined,
    consequence:
      'Where blobs and artifacts lie while they arrive, in files without a name, which vanish with the process. Unset: the folder of the system for temporary files. Where that is in memory, name one on a disk.',
    parse: optionalText,
  },
  maxPendingBytes: {
    name: 'MAX_PENDING_BYTES',
    unit: 'bytes',
    default: String(64 * MIB),
    consequence:
      'Bodies and messages that one gateway receives or answers at a time, with those of open subscriptions, over all connections. Beyond it: `GATEWAY_BUSY` (503), or close code 1013. A parsed byte can take twenty bytes of memory.',
    parse: integer(MIB),
  },
  maxDepth: {
    name: 'MAX_DEPTH',
    unit: 'levels',
    default: '12',
    consequence: 'Deepest nesting of an operation; `ofType` of introspection does not count.',
    parse: integer(3),
  },
  maxTokens: {
    name: 'MAX_TOKENS',
    unit: 'tokens',
    default: '2000',
    consequence: 'Longest operation, in GraphQL tokens.',
    parse: integer(100),
  },
  maxAliases: {
    name: 'MAX_ALIASES',
    unit: 'aliases',
    default: '30',
    consequence: 'Aliases in one operation. One request can submit one task more than that.',
    parse: integer(0),
  },
  maxComplexity: {
    name: 'MAX_COMPLEXITY',
    unit: 'points',
    default: '1000',
    consequence:
      'Costliest operation. A field is 1 point, a page of `results` 250, a mutation of many rows 500. A list counts its fields 3 times.',
    parse: integer(1),
  },
  maxOperations: {
    name: 'MAX_OPERATIONS_PER_CONNECTION',
    unit: 'operations',
    default: '100',
    consequence: 'Operations open at once on one WebSocket. One more is refused with `TOO_MANY_OPERATIONS`.',
    parse: integer(1),
  },
  maxSubscriptions: {
    name: 'MAX_SUBSCRIPTIONS',
    unit: 'subscriptions',
    default: '50000',
    consequence:
      'Subscriptions to tasks open at once on one gateway, over all connections, each unfinished task of a `tasksUpdates`, and mutations that wait (`waitMs`). One more is refused with `GATEWAY_BUSY`.',
    parse: integer(1),
  },
  openTasksMax: {
    name: 'OPEN_TASKS_MAX',
    unit: 'tasks',
    default: '200000',
    consequence:
      'Unfinished tasks that one gateway follows, about 1 KB each. Beyond it mutations and subscriptions are refused with `GATEWAY_BUSY`.',
    parse: integer(1),
  },
  maxConnections: {
    name: 'MAX_CONNECTIONS',
    unit: 'connections',
    default: '20000',
    consequence:
      'Connections open at once, HTTP and WebSocket together. Further ones are closed at once. The limit of open files (`ulimit -n`) less 128 counts if it is lower.',
    parse: integer(1),
  },
  maxConnectionsPerAddress: {
    name: 'MAX_CONNECTIONS_PER_ADDRESS',
    unit: 'connections',
    default: undefined,
    consequence:
      'Connections open at once from one address (IPv6: its first 64 bits). A further one is answered with 429 (`RATE_LIMITED`) and closed; with TLS it is only closed. All clients behind a proxy have the address of the proxy. Unset: no limit but `MAX_CONNECTIONS`.',
    parse: optionalInteger(1, 1_000_000),
  },
  quotasFile: {
    name: 'QUOTAS_FILE',
    unit: 'file',
    default: undefined,
    consequence:
      'JSON file with the [quotas of owners](#quotas). All gateways should have the same. Unset: owners have no quotas.',
    parse: optionalText,
  },
  maxBufferedBytes: {
    name: 'MAX_BUFFERED_BYTES',
    unit: 'bytes',
    default: String(MIB),
    consequence:
      'Bytes that may wait on one WebSocket for a client that does not read. Beyond it the WebSocket is closed with 4013.',
    parse: integer(64 * KIB),
  },
  keepAliveMs: {
    name: 'KEEP_ALIVE_MS',
    unit: 'ms',
    default: '75000',
    consequence:
      'How long an HTTP connection without requests stays open. It must be longer than a balancer keeps its own connections (60 s, most often), or a request fails now and then. Each open connection counts for `MAX_CONNECTIONS`.',
    parse: integer(1_000, 3_600_000),
  },
  drainMs: {
    name: 'DRAIN_MS',
    unit: 'ms',
    default: '0',
    consequence:
      'How long a gateway that is told to stop still serves, while `/ready` is 503: time for balancers to take it out. Give it at least twice the time between two checks of the balancer. The images set 10000.',
    parse: integer(0, 600_000),
  },
  connectionInitMs: {
    name: 'CONNECTION_INIT_TIMEOUT_MS',
    unit: 'ms',
    default: '3000',
    consequence: 'Time a WebSocket client has for its `connection_init`; then close code 4408.',
    parse: integer(100, 60_000),
  },
  requestTimeoutMs: {
    name: 'REQUEST_TIMEOUT_MS',
    unit: 'ms',
    default: '30000',
    consequence:
      'Time for a request, its headers, or a WebSocket message to arrive whole, and for the first request of a new connection. Then the connection is closed. A blob, an artifact or an output has 1 s more for each 64 KiB, and as long to be read.',
    parse: integer(1_000, 600_000),
  },

  // Workers.
  executionProviders: {
    name: 'EXECUTION_PROVIDERS',
    unit: 'list',
    default: 'cpu',
    consequence:
      'ONNX Runtime providers of a worker, tried in order: `cuda`, `webgpu`, `cpu`. The one in use is logged and shown in `health`.',
    parse: listOf('cuda', 'webgpu', 'cpu'),
  },
  cudaVisibleDevices: {
    name: 'CUDA_VISIBLE_DEVICES',
    unit: 'list of GPUs',
    default: undefined,
    consequence:
      'GPUs that the processes of a worker see, by their numbers in the order of the PCI bus or by their ids, such as `0`. ONNX Runtime uses the first one. Unset: all; versions that are code see none unless `EXECUTION_PROVIDERS` names a GPU provider.',
    parse: optionalText,
  },
  gpuMemoryMib: {
    name: 'GPU_MEMORY_MIB',
    unit: 'MiB',
    default: '0',
    consequence:
      'Memory of the first GPU of `CUDA_VISIBLE_DEVICES` that may be in use once a version is loaded on it, by whatever program; 0: no limit. Beyond it the version is refused by name. It is measured by `nvidia-smi`, after the golden rows have run. Only for `cuda`.',
    parse: integer(0),
  },
  sessionThreads: {
    name: 'SESSION_THREADS',
    unit: 'threads',
    default: '1',
    consequence:
      'Threads that ONNX Runtime, or the libraries of a version that is code, use inside one run. Small models are slower with more; large ones gain up to the number of cores.',
    parse: integer(1, 256),
  },
  workerModels: {
    name: 'WORKER_MODELS',
    unit: 'list',
    default: undefined,
    consequence:
      'What a worker serves: models (`churn`) or single versions (`churn/2`). It waits for versions that are not there yet. `=3` behind one is the weight of its model where models compete for slots; the default is 1. Unset: all models.',
    parse: servedModels,
  },
  workerSlots: {
    name: 'WORKER_SLOTS',
    unit: 'runs',
    default: undefined,
    consequence:
      'Runs that a worker has going at once, over all its sessions, and processes that small versions share. More than its cores can carry make each other slow. Unset: cores / `SESSION_THREADS` / `WORKERS`, at least 1.',
    parse: optionalInteger(1, 1024),
  },
  sessions: {
    name: 'SESSIONS',
    unit: '`shared` or `isolated`',
    default: 'shared',
    consequence:
      'Whether small versions share processes, as many as `WORKER_SLOTS`, or each version has one of its own, which takes about 50 MiB more. The manifest of a model can ask for one of its own (`isolation`).',
    parse: oneOf('shared', 'isolated'),
  },
  sessionLoading: {
    name: 'SESSION_LOADING',
    unit: '`eager` or `lazy`',
    default: 'eager',
    consequence:
      'Every version is loaded and checked before it is offered. `eager` keeps it loaded. `lazy` unloads it after the check and loads it again for its first job, which waits for that.',
    parse: oneOf('eager', 'lazy'),
  },
  sessionMemoryMib: {
    name: 'SESSION_MEMORY_MIB',
    unit: 'MiB',
    default: '0',
    consequence:
      'Memory that the processes with sessions of a worker may take together (PSS: of pages that n processes share, each counts an n-th); 0: no limit. The peak of runs counts, golden rows included. A process takes about 50 MiB before it has a session. Beyond the limit `eager` refuses a version by name, and `lazy` unloads the version that was unused for longest. `eager` loads models in the order of their names: leave out the less important ones with `WORKER_MODELS`.',
    parse: integer(0),
  },
  sessionMaxMib: {
    name: 'SESSION_MAX_MIB',
    unit: 'MiB',
    default: undefined,
    consequence:
      'Memory that one process with sessions may take for its models and its runs; 0: no limit. Versions that share a process share it; one that a shared process cannot load has a process of its own. While it loads, a model takes about three times its file. A version that needs more at its check is refused; a task that needs more gets `INFERENCE_FAILED` or `WORKER_CRASHED`. Linux only, by `prlimit` (util-linux). Unset: 4096, and no limit with a GPU provider.',
    parse: optionalInteger(0, 1024 * 1024),
  },
  modelTrustedKeys: {
    name: 'MODEL_TRUSTED_KEYS',
    unit: 'file',
    default: undefined,
    consequence:
      'Public keys for Ed25519, in PEM. A worker refuses each version of the registry that none of them has signed, and a gateway each upload of one. Unset: signatures do not count, and no version that is code comes from the registry.',
    parse: fileWith('public keys in PEM', PUBLIC_KEY),
  },

  // Trainers.
  datasetsDir: {
    name: 'DATASETS_DIR',
    unit: 'folder',
    default: undefined,
    consequence:
      'Where trainers find data files that were not uploaded, such as those of more than 1 GiB. All trainers must see the same content. Trainers only read it, and compute the digest of a file before each use. Recipes get links to the files, and can change them unless the folder is read-only for the user of the trainer. Unset: every file must be uploaded.',
    parse: optionalText,
  },
  trainerClasses: {
    name: 'TRAINER_CLASSES',
    unit: 'list',
    default: 'cpu',
    consequence:
      'The classes of which a trainer takes steps, such as `gpu,cpu`: those that `training.class` of the manifests name. Checks of datasets are of the class `cpu`.',
    parse: classes,
  },
  trainerSteps: {
    name: 'TRAINER_STEPS',
    unit: 'list',
    default: STEP_NAMES.join(),
    consequence:
      'The steps that a trainer takes. A step that no trainer takes waits for a service of your own: `examples/data-service-python` shows one.',
    parse: someOf(STEP_NAMES),
  },
  trainerSlots: {
    name: 'TRAINER_SLOTS',
    unit: 'steps',
    default: '1',
    consequence:
      'Steps of trainings that a trainer works on at a time; checks of datasets have one more slot. Each recipe has a process of its own; more of them than the machine can carry make each other slow.',
    parse: integer(1, 64),
  },

  recipeEnv: {
    name: 'RECIPE_ENV',
    unit: 'list',
    default: undefined,
    consequence:
      'Variables of the environment that recipes get, such as `HF_HOME,https_proxy`, beside those that programs need to run ([which](training.md#the-process-of-a-recipe)). A recipe may print what it gets into the log of its task. Secrets of Tidings are never passed.',
    parse: variableNames,
  },

  // The streams in the broker: whichever process makes them, all need the same values.
  streamReplicas: {
    name: 'STREAM_REPLICAS',
    unit: 'copies',
    default: '1',
    consequence: 'Copies of each stream, on as many nats-servers. 3 survives the loss of one machine.',
    parse: oneOf(1, 3, 5),
  },
  resultTtlS: {
    name: 'RESULT_TTL_S',
    unit: 'seconds',
    default: '900',
    consequence:
      'How long results, and the memory of a `requestId`, are kept. At least the largest `timeoutMs` + 600 s.',
    parse: integer(MAX_TIMEOUT_MS / 1000 + 600),
  },
  resultMaxCount: {
    name: 'RESULT_MAX_COUNT',
    unit: 'messages of results',
    default: '5000000',
    consequence:
      'Messages of results kept at most; about 350 bytes of broker memory each. Tasks that are submitted together share one. Beyond it no result is stored until old ones expire.',
    parse: integer(1_000),
  },
  resultMaxBytes: {
    name: 'RESULT_MAX_BYTES',
    unit: 'bytes',
    default: String(4 * GIB),
    consequence:
      'Disk reserved for results, and half as much again for the rows of row batches. Beyond it no result is stored until old ones expire.',
    parse: integer(MIB),
  },
  queueMaxJobs: {
    name: 'QUEUE_MAX_JOBS',
    unit: 'jobs per model',
    default: '100000',
    consequence: 'Jobs that may wait for one model. Beyond it mutations are refused with `QUEUE_FULL`.',
    parse: integer(1),
  },
  queueMaxBytes: {
    name: 'QUEUE_MAX_BYTES',
    unit: 'bytes per model',
    default: String(128 * MIB),
    consequence: 'Disk reserved for the waiting jobs of one model. Beyond it: `QUEUE_FULL`.',
    parse: integer(64 * KIB),
  },
  blobsMaxBytes: {
    name: 'BLOBS_MAX_BYTES',
    unit: 'bytes',
    default: String(2 * GIB),
    consequence:
      'Disk reserved for blobs. Beyond it: `BLOB_STORE_FULL`. A nats-server with 3 GB of blobs takes 5 s to come back after a kill.',
    parse: integer(MIB),
  },
  artifactsMaxBytes: {
    name: 'ARTIFACTS_MAX_BYTES',
    unit: 'bytes',
    default: String(2 * GIB),
    consequence:
      'Disk reserved for artifacts, beside the blobs. Beyond it: `BLOB_STORE_FULL`. They stay as long as a record names them.',
    parse: integer(MIB),
  },

  // `npm start`.
  gateways: {
    name: 'GATEWAYS',
    unit: 'processes',
    default: '1',
    consequence:
      'Gateways that `npm start` runs, all on `PORT`: the kernel spreads new connections over them (Linux). Each can keep a core busy.',
    parse: integer(1, 64),
  },
  workers: {
    name: 'WORKERS',
    unit: 'processes',
    default: '1',
    consequence:
      'Workers that `npm start` runs. Each has sessions of its own, which take memory. One is enough for several sessions, unless the model is tiny or its rows are large.',
    parse: integer(1, 64),
  },
  trainers: {
    name: 'TRAINERS',
    unit: 'processes',
    default: '1',
    consequence:
      'Trainers that `npm start` runs. They check datasets and train models; the predictions of workers go on beside them, with a smaller share of the cores. 0: trainings wait until a trainer comes.',
    parse: integer(0, 64),
  },
  natsSync: {
    name: 'NATS_SYNC',
    unit: '`default` or `always`',
    default: 'default',
    consequence:
      'Whether the broker of `npm start` writes each message to the disk at once. `default` survives killed processes, and loses up to two minutes in a power cut. `always` survives power cuts too, at about a tenth of the rate.',
    parse: oneOf('default', 'always'),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** A model, or one version of it, that a worker is to serve. */
export interface ServedModel {
  readonly name: string;
  /** Undefined: all its versions. */
  readonly version: string | undefined;
  /** Undefined if none is given. */
  readonly weight: number | undefined;
}

export type Config = { readonly [K in keyof typeof settings]: ReturnType<(typeof settings)[K]['parse']> };

export type EnvironmentVariable = Pick<Setting<unknown>, 'name' | 'unit' | 'default' | 'consequence'>;

/** The rows of the tables in docs/configuration.md. */
export const environmentVariables: readonly EnvironmentVariable[] = Object.values(settings);

/**
 * Reads and checks the configuration. An empty variable counts as unset.
 *
 * @throws {ConfigurationError} with all that is wrong: each problem names the variable, its rule and the value.
 */
export function readConfig(env: Environment): Config {
  const problems: string[] = [];
  const config = Object.entries<Setting<unknown>>(settings).map(([key, setting]) => {
    const read = readSetting(setting, env);
    if ('problem' in read) problems.push(read.problem);
    return [key, 'value' in read ? read.value : undefined];
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
  const complete = Object.freeze(Object.fromEntries(config)) as Config;
  checkAccess(complete);
  return complete;
}

/** How this process reaches the broker, and shows who it is. */
export type BrokerAccess = Pick<
  Config,
  'natsUrl' | 'natsCreds' | 'natsNkey' | 'natsToken' | 'natsTlsCa' | 'natsTlsCert' | 'natsTlsKey'
>;

/** @throws {ConfigurationError} if settings of the access to the broker do not go together. */
function checkAccess({
  natsUrl,
  natsCreds,
  natsNkey,
  natsToken,
  natsTlsCert,
  natsTlsKey,
}: BrokerAccess): void {
  const logins = {
    'a login in NATS_URL': natsUrl && readNatsUrl(natsUrl).login,
    NATS_CREDS: natsCreds,
    NATS_NKEY_FILE: natsNkey,
    NATS_TOKEN_FILE: natsToken,
  };
  const given = Object.entries(logins).flatMap(([name, login]) => (login === undefined ? [] : name));
  if (given.length > 1)
    throw new ConfigurationError(`the broker takes one login, got ${given.join(' and ')}: unset all but one`);
  if ((natsTlsCert === undefined) !== (natsTlsKey === undefined))
    throw new ConfigurationError(
      `NATS_TLS_CERT and NATS_TLS_KEY must be set together, got only ${natsTlsCert ? 'NATS_TLS_CERT' : 'NATS_TLS_KEY'}`,
    );
}

/** An environment without secrets, and without the names of files that hold them: for a process that needs none. */
export function withoutSecrets<Variables extends Environment>(env: Variables): Variables {
  const held = Object.values<Setting<unknown>>(settings).flatMap(({ name, secret, namesSecret }) => {
    if (secret) return [name, fileVariable(name)];
    return namesSecret ? [name] : [];
  });
  held.push(...COLLECTOR_SECRETS);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !held.includes(name))) as Variables;
}

/** What a process that exports spans needs beside an environment without secrets. */
export function collectorSecrets(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => COLLECTOR_SECRETS.includes(name)));
}

/** Whether spans are exported. */
export function isTraced({
  otlpEndpoint,
  otlpTracesEndpoint,
  tracesSampler,
}: Pick<Config, 'otlpEndpoint' | 'otlpTracesEndpoint' | 'tracesSampler'>): boolean {
  return (otlpEndpoint ?? otlpTracesEndpoint) !== undefined && tracesSampler !== 'always_off';
}

/** How to log. It works although the rest of the configuration is wrong: a wrong setting counts as unset here. */
export function readLogConfig(env: Environment): Pick<Config, 'logLevel' | 'logFormat'> {
  const read = <T>(setting: Setting<T>): T => {
    const found = readSetting(setting, env);
    return 'value' in found ? found.value : setting.parse(setting.default);
  };
  return { logLevel: read(settings.logLevel), logFormat: read(settings.logFormat) };
}

type Environment = Readonly<Record<string, string | undefined>>;

function readSetting<T>(
  setting: Setting<T>,
  env: Environment,
): { readonly value: T } | { readonly problem: string } {
  const { name, secret, parse } = setting;
  const file = secret && env[fileVariable(name)];
  if (file && env[name])
    return { problem: `${name} and ${fileVariable(name)} are both set: unset one of them` };
  const asked = file ? fileVariable(name) : name;
  let text = env[name] || setting.default;
  try {
    if (file) text = contentOf(file, 'a secret');
    return { value: parse(text) };
  } catch (rule) {
    const got =
      secret && text !== undefined ? `${text.length} characters` : JSON.stringify(file || text || '');
    return { problem: `${asked} must be ${rule}, got ${got}` };
  }
}

function fileVariable(name: string): string {
  return `${name}_FILE`;
}

/** @throws {string} the rule, with the reason, if the file cannot be read. */
function contentOf(file: string, what: string): string {
  try {
    return readSmallFile(file);
  } catch (error) {
    throw `a file with ${what} that can be read (${messageOf(error)})`;
  }
}

/** The content of a file. @param what it has to hold. @param form of its content. */
function fileWith(what: string, form: RegExp): (file: string | undefined) => string | undefined {
  return (file) => {
    if (!file) return undefined;
    const content = contentOf(file, what);
    if (!form.test(content)) throw `a file with ${what}; this one holds something else`;
    return content;
  };
}

function text(value: string | undefined): string {
  if (!value) throw 'a text that is not empty';
  return value;
}

function optionalText(value: string | undefined): string | undefined {
  return value || undefined;
}

function flag(value: string | undefined): boolean {
  if (value !== 'true' && value !== 'false') throw 'true or false';
  return value === 'true';
}

function onOrOff(value: string | undefined): boolean {
  if (value !== 'on' && value !== 'off') throw 'on or off';
  return value === 'on';
}

function natsUrl(value: string | undefined): string | undefined {
  if (value) readNatsUrl(value);
  return value || undefined;
}

export type AuthMode = 'none' | 'keys' | 'jwt';

function authModes(value: string | undefined): readonly AuthMode[] | undefined {
  if (!value) return undefined;
  if (value.trim() === 'none') return ['none'];
  const modes = list(value);
  if (modes.length === 0 || new Set(modes).size < modes.length || !modes.every(isLogin))
    throw 'none, keys, jwt, or keys,jwt';
  return modes.filter(isLogin);
}

function isLogin(mode: string): mode is 'keys' | 'jwt' {
  return mode === 'keys' || mode === 'jwt';
}

/** As it was written: issuers are compared as texts. */
function optionalUrl(value: string | undefined): string | undefined {
  if (!value) return undefined;
  const protocol = URL.parse(value)?.protocol;
  if (protocol !== 'https:' && protocol !== 'http:') throw 'a URL such as https://login.example';
  return value;
}

function traceUrl(value: string | undefined): string | undefined {
  if (!value) return undefined;
  const protocol = URL.parse(value.replaceAll('{traceId}', '0'))?.protocol;
  if (value.includes('{traceId}') && (protocol === 'https:' || protocol === 'http:')) return value;
  throw 'a URL with {traceId} in it, such as https://jaeger.example/trace/{traceId}';
}

function share(value: string | undefined): number {
  const number = /^[\d.]+$/.test(value ?? '') ? Number(value) : Number.NaN;
  if (number >= 0 && number <= 1) return number;
  throw 'a number from 0 to 1, such as 0.01';
}

/** Text that fits into an HTTP header. */
function token(minLength: number): (value: string | undefined) => string | undefined {
  return (value) => {
    if (!value) return undefined;
    if (value.length < minLength || !/^[!-~]+$/.test(value))
      throw `at least ${minLength} printable ASCII characters without spaces`;
    return value;
  };
}

function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (value: string | undefined) => number {
  return (value) => {
    const number = /^\d+$/.test(value ?? '') ? Number(value) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    throw maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number from ${minimum} up`
      : `a whole number from ${minimum} to ${maximum}`;
  };
}

function optionalInteger(
  minimum: number,
  maximum: number,
): (value: string | undefined) => number | undefined {
  const parse = integer(minimum, maximum);
  return (value) => (value ? parse(value) : undefined);
}

function servedModels(value: string | undefined): readonly ServedModel[] | undefined {
  if (!value) return undefined;
  const rule =
    'a list of models or versions, with a weight from 1 to 9999 if wanted, such as trip-duration=3,churn/2';
  const items = list(value);
  if (items.length === 0) throw rule;
  return items.map((item) => {
    const [, name, version, weight] =
      /^([a-z][a-z0-9-]*)(?:\/([1-9][0-9]{0,8}))?(?:=([1-9][0-9]{0,3}))?$/.exec(item) ?? [];
    if (name === undefined) throw rule;
    return { name, version, weight: weight === undefined ? undefined : Number(weight) };
  });
}

function classes(value: string | undefined): readonly string[] {
  const names = list(value);
  if (names.length === 0 || !names.every((name) => /^[a-z][a-z0-9-]{0,30}$/.test(name)))
    throw 'a list of classes in small letters, such as gpu,cpu';
  return names;
}

function variableNames(value: string | undefined): readonly string[] {
  const names = list(value);
  if (!names.every((name) => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)))
    throw 'a list of names of variables, such as HF_HOME,https_proxy';
  return names;
}

function someOf<const T extends string>(allowed: readonly T[]): (value: string | undefined) => readonly T[] {
  return (value) => {
    const names = list(value);
    const chosen = allowed.filter((name) => names.includes(name));
    if (names.length === 0 || chosen.length < new Set(names).size)
      throw `a list of one or more of ${allowed.join(', ')}`;
    return chosen;
  };
}

function oneOf<const T extends string | number>(...allowed: readonly T[]): (value: string | undefined) => T {
  return (value) => {
    const found = allowed.find((candidate) => String(candidate) === value);
    if (found === undefined) throw `one of ${allowed.join(', ')}`;
    return found;
  };
}

function list(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** As browsers write them in `Origin`: a default port is left out, and a name that is not ASCII is encoded. */
function origins(value: string | undefined): readonly string[] {
  return list(value).map((text) => {
    const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):\/\/[^\s/?#@\\*]+\/?$/i.exec(text) ?? [];
    const url = URL.parse(text);
    if (text === '*') return text;
    if (url === null || scheme === '' || scheme.toLowerCase() === 'file')
      throw 'a list of origins without paths, such as https://app.example,http://localhost:5173, or *';
    // For unknown schemes, such as an app's own, URL gives the origin "null".
    return url.origin === 'null' ? text.toLowerCase().replace(/\/$/, '') : url.origin;
  });
}

/** @returns the addresses and networks, or how many proxies there are. */
function trustedProxies(value: string | undefined): readonly string[] | number {
  if (/^[0-9]{1,2}$/.test(value ?? '')) return Number(value);
  return list(value).map((text) => {
    const [address = '', bits, ...more] = text.split('/');
    const mostBits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    const isNetwork = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= mostBits);
    if (mostBits < 0 || !isNetwork || more.length > 0)
      throw 'a list of addresses or networks, such as 10.0.0.5,fd00::/8, or the number of proxies from 0 to 99';
    return text;
  });
}

function hostNames(value: string | undefined): readonly string[] {
  return list(value).map((text) => {
    if (!/^(\*|[a-z0-9_.-]+|\[[0-9a-f:.]+\])$/i.test(text))
      throw 'a list of names or addresses without ports, such as api.example,10.0.0.5,[fd00::1], or *';
    return text.toLowerCase();
  });
}

function listOf<const T extends string>(
  ...allowed: readonly T[]
): (value: string | undefined) => readonly T[] {
  return (value) => {
    const items = list(value);
    const known = allowed.filter((candidate) => items.includes(candidate));
    if (items.length === 0 || known.length !== items.length) {
      throw `a list of different ones of ${allowed.join(', ')}`;
    }
    return known.toSorted((a, b) => items.indexOf(a) - items.indexOf(b));
  };
}
