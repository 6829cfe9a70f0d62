/** A connection for the command `key`: it reads and writes API keys. */
import { openBareConnection } from './bareConnection.ts';
import type { ConnectionOptions } from './connection.ts';
import { KeyStore } from './keyStore.ts';

export interface KeyConnection extends AsyncDisposable {
  readonly keys: KeyStore;
}

/** @throws as `connectPatiently` does. */
export async function openKeyConnection(options: Omit<ConnectionOptions, 'role'>): Promise<KeyConnection> {
  const bare = await openBareConnection({ ...options, role: 'admin' });
  const { publisher, guarded, stored } = bare;
  return {
    keys: new KeyStore({ publisher, stored: guarded, uses: stored, log: options.log }),
    [Symbol.asyncDispose]: () => bare[Symbol.asyncDispose](),
  };
}
