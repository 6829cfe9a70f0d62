/** Connects `npm run key` to the broker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyConnection, openKeyConnection } from '../../broker/keyConnection.ts';
import { ConfigurationError } from '../../contract/errors.ts';
import { type BrokerAccess, readConfig } from '../../process/config.ts';
import { createLog } from '../../process/log.ts';

/** Where the broker of `npm start` tells its address and the key of an admin, in DATA_DIR. */
const URL_FILE = 'nats-url';
const ADMIN_KEY_FILE = join('keys', 'admin.nk');
const PATIENCE_MS = 5_000;

/** @throws {ConfigurationError} if no broker is known. If none answers, it throws the failure after 5 seconds. */
export async function openKeys(env: Readonly<Record<string, string | undefined>>): Promise<KeyConnection> {
  const config = readConfig({ LOG_LEVEL: 'error', LOG_FORMAT: 'pretty', ...env });
  const access = config.natsUrl === undefined ? await accessToRunning(config.dataDir) : config;
  const log = createLog(config, 'key');
  return openKeyConnection({ access, name: 'key', log, signal: AbortSignal.timeout(PATIENCE_MS) });
}

async function accessToRunning(dataDir: string): Promise<Partial<BrokerAccess>> {
  const read = async (file: string) => (await readFile(join(dataDir, file), 'utf8')).trim();
  try {
    return { natsUrl: await read(URL_FILE), natsNkey: await read(ADMIN_KEY_FILE) };
  } catch (cause) {
    throw new ConfigurationError(
      `NATS_URL must name the broker, or npm start must have run with this DATA_DIR (${dataDir})`,
      { cause },
    );
  }
}
