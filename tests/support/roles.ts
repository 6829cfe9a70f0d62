/** A real nats-server whose processes have roles, and keys for them, made as `npm run broker -- keys` makes them. */
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { type BrokerRole, inboxPrefix } from '../../src/broker/roles.ts';
import { makeKeys } from '../../src/cli/broker/keys.ts';
import { readSmallFile } from '../../src/process/smallFile.ts';
import { type NatsServer, startNats } from './natsServer.ts';
import { ROOT, startProcess } from './processes.ts';

export interface RoleNats extends NatsServer {
  /** The folder of the keys. */
  readonly keys: string;
  /** The environment of a process of that role. */
  env(role: BrokerRole): { readonly NATS_URL: string; readonly NATS_NKEY_FILE: string };
  connect(role: BrokerRole): Promise<NatsConnection>;
}

/** The streams are not there yet: see `provisionRoles`. */
export async function startNatsWithRoles(): Promise<RoleNats> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-roles-'));
  await makeKeys(folder.path, () => {});
  const nats = await startNats({ config: await readFile(join(folder.path, 'roles.conf'), 'utf8') });
  const { url } = nats;
  const disposeOfServer = nats[Symbol.asyncDispose];
  const keyFile = (role: BrokerRole) => join(folder.path, `${role}.nk`);
  return Object.assign(nats, {
    keys: folder.path,
    env: (role: BrokerRole) => ({ NATS_URL: url, NATS_NKEY_FILE: keyFile(role) }),
    connect: (role: BrokerRole) => connectByKey(url, keyFile(role), role),
    async [Symbol.asyncDispose]() {
      await disposeOfServer();
      await folder.remove();
    },
  });
}

/** Runs `npm run broker -- provision` with the key of an admin. */
export async function provisionRoles(
  nats: RoleNats,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using command = startProcess('src/cli/broker.ts', { ...nats.env('admin'), ...env }, ROOT, [
    'provision',
  ]);
  if ((await command.ended) !== 0) throw new Error(command.output());
}

export function connectByKey(url: string, keyFile: string, role: BrokerRole): Promise<NatsConnection> {
  return connect({
    servers: url,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(readSmallFile(keyFile))),
    inboxPrefix: inboxPrefix(role),
    maxReconnectAttempts: 0,
  });
}
