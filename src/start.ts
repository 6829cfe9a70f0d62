/** `npm start`: the whole system on this machine, and where to try it. */
import { join } from 'node:path';
import { streamSizes } from './broker/streams.ts';
import { ConfigurationError, EXIT_CONFIGURATION } from './contract/errors.ts';
import { banner } from './launcher/banner.ts';
import { supervise } from './launcher/supervisor.ts';
import { Catalog } from './models/catalog.ts';
import type { Model } from './models/models.ts';
import { readConfig, type ServedModel } from './process/config.ts';
import { createLog, logFatal } from './process/log.ts';
import { Provisioner } from './registry/provisioning.ts';

const env = { ...process.env, LOG_FORMAT: process.env.LOG_FORMAT || 'pretty' };
try {
  process.exitCode = await start();
} catch (error) {
  logFatal(error, 'start', env);
  process.exitCode = error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1;
}

async function start(): Promise<number> {
  const config = readConfig(env);
  const log = createLog(config, 'start');
  using catalog = await Catalog.open(config.modelsDir, log);
  const { models } = catalog;
  return await supervise({
    config,
    env,
    gateway: join(import.meta.dirname, 'main.ts'),
    worker: join(import.meta.dirname, '../workers/main.ts'),
    trainer: join(import.meta.dirname, '../workers/trainer.ts'),
    log,
    sizesWith: (limits) => streamSizes(models, { ...config, ...limits }),
    provision: ({ access, limits, signal }) =>
      Provisioner.open({ access, catalog, limits: { ...config, ...limits }, log, signal }),
    onInterrupt(listener) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, listener);
    },
    onReady(address) {
      console.log(banner(address, servedHere(models, config.workerModels), config));
    },
  });
}

/** The models of which the worker of this start serves a version that is there. */
function servedHere(models: readonly Model[], wanted: readonly ServedModel[] | undefined): readonly Model[] {
  if (wanted === undefined) return models;
  return models.filter(({ manifest, versions }) =>
    wanted.some(
      ({ name, version }) =>
        name === manifest.name &&
        (version === undefined || versions.some((present) => present.version === version)),
    ),
  );
}
