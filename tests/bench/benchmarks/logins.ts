/** What a login costs a task: the same loads without one, with an API key, and with a token of an OpenID provider. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Benchmark, elapsed, type Figure, figure, type Revision } from '../benchmark.ts';
import { clientsOver, RAMP_MS, shared, underLoad, WARM_UP_MS } from '../closedLoop.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { HttpConnection } from '../httpConnection.ts';
import { type Exchange, overPostAndWebSocket, type Questions, tripQuestions } from '../questions.ts';
import { cpuPer1000, measureLoad, startSystem, type TidingsSystem } from '../system.ts';

const CLIENTS = 256;
const READY_WITHIN_MS = 10_000;

type Headers = Readonly<Record<string, string>>;

interface Login {
  readonly name: string;
  readonly system: TidingsSystem;
  readonly headers: Headers;
}

interface Connecting {
  readonly login: Login;
  readonly asked: Questions;
  /** The number of WebSockets that the clients share. */
  readonly connections: number;
  readonly opened: AsyncDisposableStack;
}

/** Without a login first: the others are compared with it. */
const TRANSPORTS: Readonly<Record<string, (connecting: Connecting) => Promise<readonly Exchange[]>>> = {
  websocket: async (connecting) => clientsOver(await socketsOf(connecting), CLIENTS, connecting.asked),
  'post-websocket': async (connecting) => {
    const { login, asked, opened } = connecting;
    const sockets = await socketsOf(connecting);
    const posts = await HttpConnection.openAll(login.system.url, CLIENTS, opened, login.headers);
    return posts.map((post, i) => overPostAndWebSocket(post, shared(sockets, i), asked));
  },
};

export const logins: Benchmark = {
  name: 'logins',
  about: `closed loop, ${CLIENTS} clients as in websocket and post-websocket, with AUTH=none, keys and jwt`,
  async prepare(revision, { seconds, connections }) {
    await using started = new AsyncDisposableStack();
    const asked = await tripQuestions();
    const all = await openLogins(revision, started);
    const clientsOf = (transport: string, login: Login) => async (opened: AsyncDisposableStack) =>
      (await TRANSPORTS[transport]?.({ login, asked, connections, opened })) ?? [];
    for (const login of all)
      for (const transport of Object.keys(TRANSPORTS))
        await underLoad(clientsOf(transport, login), WARM_UP_MS, async () => {});
    const stopping = started.move();
    return {
      async measure() {
        const figures: Figure[] = [];
        for (const transport of Object.keys(TRANSPORTS)) {
          let without: { readonly rate: number; readonly cpu: number } | undefined;
          for (const login of all) {
            const measured = await underLoad(clientsOf(transport, login), RAMP_MS, (load) =>
              measureLoad(load, login.system, seconds),
            );
            const rate = measured.latencies.length / measured.seconds;
            const cpu = cpuPer1000(measured);
            const row = `${transport}, ${login.name}`;
            figures.push(figure(`${row}: tasks/s`, 0, rate));
            if (without !== undefined)
              figures.push(
                figure(`${row}: tasks/s, times none`, 2, rate / without.rate),
                figure(`${row}: CPU-s per 1,000 tasks, times none`, 2, cpu / without.cpu),
              );
            without ??= { rate, cpu };
          }
        }
        return figures;
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** Each login has a system of its own. Two of three are idle at any time. */
async function openLogins(revision: Revision, started: AsyncDisposableStack): Promise<readonly Login[]> {
  // The library warns when it is imported, and other benchmarks do not need it.
  const { AUDIENCE, startOidcProvider } = await import('../../support/oidcProvider.ts');
  const provider = started.use(await startOidcProvider());
  const open = async (name: string, env: Headers, tokenOf: (system: TidingsSystem) => Promise<string>) => {
    const system = started.use(await startSystem(revision, { env }));
    const headers: Headers = { authorization: `Bearer ${await tokenOf(system)}` };
    await untilTaken(system.url, headers);
    return { name, system, headers };
  };
  const jwt = { AUTH: 'jwt', JWT_ISSUER: provider.issuer, JWT_AUDIENCE: AUDIENCE };
  return [
    await open('none', { AUTH: 'none' }, async () => 'of-others'),
    await open('keys', { AUTH: 'keys' }, ({ natsUrl }) => createKey(revision, natsUrl)),
    await open('jwt', jwt, () => provider.sign()),
  ];
}

async function createKey({ root }: Revision, natsUrl: string): Promise<string> {
  const env = { PATH: process.env.PATH, NATS_URL: natsUrl };
  const args = ['src/cli/key.ts', 'create', '--owner', 'shop'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return stdout.trim();
}

/** A new key counts within a second. */
async function untilTaken(url: string, headers: Headers): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    await using connection = await HttpConnection.open(url, headers);
    try {
      await connection.post('{"query":"{ __typename }"}', 'application/json');
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await elapsed(100);
    }
  }
}

function socketsOf({ login, connections, opened }: Connecting): Promise<readonly GraphQLSocket[]> {
  return GraphQLSocket.openAll(login.system.url, connections, opened, login.headers);
}
