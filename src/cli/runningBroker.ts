/** How a command reaches the broker: that of NATS_URL, or else that of the `npm start` that uses DATA_DIR. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerRole } from '../broker/roles.ts';
import { ConfigurationError } from '../contract/errors.ts';
import type { BrokerAccess, Config } from '../process/config.ts';
import { BROKER_URL_FILE, KEYS_FOLDER } from '../process/runningSystem.ts';

/** @throws {ConfigurationError} if no broker is known. */
export async function accessToBroker(config: Config, role: BrokerRole): Promise<Partial<BrokerAccess>> {
  const { dataDir, natsUrl } = config;
  if (natsUrl !== undefined) return config;
  const read = async (file: string) => (await readFile(join(dataDir, file), 'utf8')).trim();
  try {
    return { natsUrl: await read(BROKER_URL_FILE), natsNkey: await read(join(KEYS_FOLDER, `${role}.nk`)) };
  } catch (cause) {
    throw new ConfigurationError(
      `NATS_URL must name the broker, or npm start must have run with this DATA_DIR (${dataDir})`,
      { cause },
    );
  }
}
