/** A connection for commands: it reads and writes messages, makes no streams, and ends when it is lost. */
import type { NatsConnection } from '@nats-io/transport-node';
import { LimitedLog } from '../process/limitedLog.ts';
import { type ConnectionOptions, connectPatiently } from './connection.ts';
import { Notices } from './notices.ts';
import { Publisher } from './publisher.ts';
import { Rights } from './rights.ts';
import { inboxPrefix } from './roles.ts';
import { StoredMessages } from './storedMessages.ts';
import { StreamApis } from './streamApis.ts';

export interface BareConnection extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly publisher: Publisher;
  readonly notices: Notices;
  /** Reads the streams of tasks. */
  readonly stored: StoredMessages;
  /** Reads the streams of API keys and of the audit. */
  readonly guarded: StoredMessages;
}

const TIMEOUT_MS = 2_000;

/** @throws as `connectPatiently` does. */
export async function openBareConnection(options: ConnectionOptions): Promise<BareConnection> {
  const { log, role } = options;
  const connection = await connectPatiently(options);
  const nothing = () => {};
  const rights = new Rights(connection);
  await rights.read();
  const apis = await StreamApis.open(connection, rights);
  const publisher = new Publisher({
    connection,
    inboxPrefix: inboxPrefix(role),
    ackTimeoutMs: TIMEOUT_MS,
    onNoStream: nothing,
    onUnconfirmed: nothing,
    onWrite: nothing,
  });
  const isConnected = () => true;
  const reading = { isConnected, log, onFailure: nothing };
  return {
    connection,
    publisher,
    notices: new Notices({ connection, isConnected, log: new LimitedLog(log) }),
    stored: new StoredMessages({ ...reading, manager: () => apis.tasks }),
    guarded: new StoredMessages({ ...reading, manager: () => apis.guarded }),
    async [Symbol.asyncDispose]() {
      publisher[Symbol.dispose]();
      await connection.close();
    },
  };
}
