/** A connection for the command `key`: it reads and writes API keys, and makes no streams. */
import { type ConnectionOptions, connectPatiently } from './connection.ts';
import { KeyStore } from './keyStore.ts';
import { Publisher } from './publisher.ts';
import { Rights } from './rights.ts';
import { inboxPrefix } from './roles.ts';
import { StoredMessages } from './storedMessages.ts';
import { StreamApis } from './streamApis.ts';

const TIMEOUT_MS = 2_000;
const ROLE = 'admin';

export interface KeyConnection extends AsyncDisposable {
  readonly keys: KeyStore;
}

/** @throws as `connectPatiently` does. */
export async function openKeyConnection(options: Omit<ConnectionOptions, 'role'>): Promise<KeyConnection> {
  const connection = await connectPatiently({ ...options, role: ROLE });
  const { log } = options;
  const nothing = () => {};
  const rights = new Rights(connection);
  await rights.read();
  const apis = await StreamApis.open(connection, rights);
  const publisher = new Publisher({
    connection,
    inboxPrefix: inboxPrefix(ROLE),
    ackTimeoutMs: TIMEOUT_MS,
    onNoStream: nothing,
    onUnconfirmed: nothing,
    onWrite: nothing,
  });
  const reading = { isConnected: () => true, log, onFailure: nothing };
  const stored = new StoredMessages({ ...reading, manager: () => apis.guarded });
  const uses = new StoredMessages({ ...reading, manager: () => apis.tasks });
  return {
    keys: new KeyStore({ publisher, stored, uses, log }),
    async [Symbol.asyncDispose]() {
      publisher[Symbol.dispose]();
      await connection.close();
    },
  };
}
