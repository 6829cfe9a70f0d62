/** Makes the streams and consumers of a broker whose gateways and workers may not make them. */
import { once } from 'node:events';
import { Catalog } from '../../models/catalog.ts';
import { readConfig } from '../../process/config.ts';
import { createLog } from '../../process/log.ts';
import { Provisioner } from '../../registry/provisioning.ts';

export interface ProvisionOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Whether to go on until the signal aborts. */
  readonly watches: boolean;
  readonly signal: AbortSignal;
}

/** @throws {ConfigurationError} if the configuration is wrong, or if the streams do not fit. */
export async function provision({ env, watches, signal }: ProvisionOptions): Promise<void> {
  const config = readConfig(env);
  const log = createLog(config, 'broker');
  using catalog = await Catalog.open(config.modelsDir, log);
  await using _provisioner = await Provisioner.open({ access: config, catalog, limits: config, log, signal });
  const models = catalog.models.map(({ manifest }) => manifest.name);
  log.info({ models }, 'the broker has all streams and consumers');
  if (watches && !signal.aborted) await once(signal, 'abort');
}
