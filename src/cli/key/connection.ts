/** Connects `npm run key` to the broker. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyConnection, openKeyConnection } from '../../broker/keyConnection.ts';
import { ConfigurationError } from '../../contract/errors.ts';
import { readConfig } from '../../process/config.ts';
import { createLog } from '../../process/log.ts';

/** Where the broker of `npm start` tells its address, in DATA_DIR. */
const URL_FILE = 'nats-url';
const PATIENCE_MS = 5_000;

/** @throws {ConfigurationError} if no broker is known. If none answers, it throws the failure after 5 seconds. */
export async function openKeys(env: Readonly<Record<string, string | undefined>>): Promise<KeyConnection> {
  const config = readConfig({ LOG_LEVEL: 'error', LOG_FORMAT: 'pretty', ...env });
  const url = config.natsUrl ?? (await urlOfRunning(config.dataDir));
  const log = createLog(config, 'key');
  return openKeyConnection({ url, name: 'key', log, signal: AbortSignal.timeout(PATIENCE_MS) });
}

async function urlOfRunning(dataDir: string): Promise<string> {
  try {
    return (await readFile(join(dataDir, URL_FILE), 'utf8')).trim();
  } catch (cause) {
    throw new ConfigurationError(
      `NATS_URL must name the broker, or npm start must have run with this DATA_DIR (${dataDir})`,
      { cause },
    );
  }
}
