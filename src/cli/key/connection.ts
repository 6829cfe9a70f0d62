/** Connects `npm run key` to the broker. */
import { type KeyConnection, openKeyConnection } from '../../broker/keyConnection.ts';
import { readConfig } from '../../process/config.ts';
import { createLog } from '../../process/log.ts';
import { accessToBroker } from '../runningBroker.ts';

const PATIENCE_MS = 5_000;

/** @throws {ConfigurationError} if no broker is known. If none answers, it throws the failure after 5 seconds. */
export async function openKeys(env: Readonly<Record<string, string | undefined>>): Promise<KeyConnection> {
  const config = readConfig({ LOG_LEVEL: 'error', LOG_FORMAT: 'pretty', ...env });
  const access = await accessToBroker(config, 'admin');
  const log = createLog(config, 'key');
  return openKeyConnection({ access, name: 'key', log, signal: AbortSignal.timeout(PATIENCE_MS) });
}
