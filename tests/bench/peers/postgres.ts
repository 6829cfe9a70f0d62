/** A PostgreSQL with a data folder of its own. Each commit is on the disk before it is answered, as by default. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../support/freePort.ts';
import { programPath } from '../../support/programs.ts';
import { type DataServer, serverFolder, startServer, type User } from './serverProcess.ts';

/** Debian's folders, which are not on the PATH. The newest version is first. */
const DEBIAN_FOLDERS = '/usr/lib/postgresql/*/bin';
/** PostgreSQL refuses to run as root. */
const OTHER_USERS = ['postgres', 'nobody'];

/** The defaults are for a tiny machine. PostgreSQL's documents advise more memory, and fewer checkpoints under load. */
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB' };

const run = promisify(execFile);

interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

export function findPostgres(): PostgresPrograms | undefined {
  const folders = globSync(DEBIAN_FOLDERS).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const initdb = programPath(['initdb'], folders);
  const postgres = programPath(['postgres'], folders);
  return initdb === undefined || postgres === undefined ? undefined : { initdb, postgres };
}

/**
 * @param settings added to its configuration.
 * @throws if there is none here.
 */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<DataServer> {
  const programs = findPostgres();
  if (programs === undefined) throw new Error('there must be initdb and postgres on the PATH');
  const { initdb, postgres } = programs;
  await using started = new AsyncDisposableStack();
  const { path } = started.use(await serverFolder());
  const user = process.getuid?.() === 0 ? await otherUser() : undefined;
  if (user !== undefined) await chown(path, user.uid, user.gid);
  const data = join(path, 'data');
  await run(initdb, ['-D', data, '--username', 'postgres', '--auth', 'trust', '--no-sync'], {
    cwd: path,
    ...user,
  });
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    ...SETTINGS,
    ...settings,
  };
  const { pid } = started.use(
    await startServer({
      command: postgres,
      args: ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      folder: path,
      readyText: 'ready to accept connections',
      // With SIGTERM it would wait until its clients have left.
      stopSignal: 'SIGINT',
      ...(user !== undefined && { user }),
    }),
  );
  const stopping = started.move();
  return { pid, port, [Symbol.asyncDispose]: () => stopping.disposeAsync() };
}

/** @throws if there is none of the users. */
async function otherUser(): Promise<User> {
  for (const name of OTHER_USERS) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // The next one may be there.
    }
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${OTHER_USERS.join(' or ')}`);
}
