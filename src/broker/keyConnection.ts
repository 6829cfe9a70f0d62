/** A connection for the command `key`: it reads and writes API keys, and makes no streams. */
import { jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connectPatiently } from './connection.ts';
import { KeyStore } from './keyStore.ts';
import { Publisher } from './publisher.ts';
import { inboxPrefix } from './roles.ts';
import { StoredMessages } from './storedMessages.ts';

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
  const manager = await jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false });
  const publisher = new Publisher({
    connection,
    inboxPrefix: inboxPrefix(ROLE),
    ackTimeoutMs: TIMEOUT_MS,
    onNoStream: nothing,
    onUnconfirmed: nothing,
    onWrite: nothing,
  });
  const stored = new StoredMessages({ manager, isConnected: () => true, log, onFailure: nothing });
  return {
    keys: new KeyStore({ publisher, stored, log }),
    async [Symbol.asyncDispose]() {
      publisher[Symbol.dispose]();
      await connection.close();
    },
  };
}
