/** A redis-server as BullMQ's documents advise: an append-only file that is synced every second, and no eviction. */
import { freePort } from '../../support/freePort.ts';
import { programPath } from '../../support/programs.ts';
import { type DataServer, serverFolder, startServer } from './serverProcess.ts';

const SETTINGS = {
  appendonly: 'yes',
  appendfsync: 'everysec',
  'maxmemory-policy': 'noeviction',
  // The append-only file has everything already.
  save: '',
};

export function findRedis(): string | undefined {
  return programPath(['redis-server']);
}

/** @throws if there is none here. */
export async function startRedis(): Promise<DataServer> {
  const command = findRedis();
  if (command === undefined) throw new Error('there must be a redis-server on the PATH');
  await using started = new AsyncDisposableStack();
  const { path } = started.use(await serverFolder());
  const port = await freePort();
  const settings = Object.entries({ bind: '127.0.0.1', port: String(port), dir: path, ...SETTINGS });
  const { pid } = started.use(
    await startServer({
      command,
      args: settings.flatMap(([name, value]) => [`--${name}`, value]),
      folder: path,
      readyText: 'Ready to accept connections',
    }),
  );
  const stopping = started.move();
  return { pid, port, [Symbol.asyncDispose]: () => stopping.disposeAsync() };
}
