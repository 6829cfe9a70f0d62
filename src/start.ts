/** `npm start`: the whole system on this machine, and where to try it. */
import { join } from 'node:path';
import { streamSizes } from './broker/streams.ts';
import { readConfig, type ServedModel } from './config.ts';
import { ConfigurationError, EXIT_CONFIGURATION } from './errors.ts';
import { createLog, logFatal } from './log.ts';
import { Catalog } from './models/catalog.ts';
import { exampleFields } from './models/graphqlLiteral.ts';
import type { Manifest } from './models/manifest.ts';
import { type Model, simplestFirst } from './models/models.ts';
import { supervise } from './system/supervisor.ts';

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
  const { models } = await Catalog.open(config.modelsDir, log);
  return supervise({
    config,
    env,
    gateway: join(import.meta.dirname, 'main.ts'),
    worker: join(import.meta.dirname, '../workers/main.ts'),
    log,
    sizesWith: (limits) => streamSizes(models, { ...config, ...limits }),
    onInterrupt(listener) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, listener);
    },
    onReady(address) {
      const [simplest] = simplestFirst(servedHere(models, config.workerModels));
      console.log(simplest === undefined ? emptyBanner(address) : banner(address, simplest));
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

function emptyBanner(address: string): string {
  return `
  Tidings is ready, and serves nothing yet: WORKER_MODELS names versions that are not there. GraphiQL is at ${address}.

  Ctrl-C stops it.
`;
}

function banner(address: string, manifest: Manifest): string {
  const { graphql, outputs } = manifest;
  const fields = outputs.map(({ name }) => name);
  return `
  Tidings is ready. Open GraphiQL at ${address} and submit

    mutation { ${graphql.mutation}(input: { ${exampleFields(manifest).join(', ')} }) { id state } }

  then have the prediction pushed to you, with that id:

    subscription { taskResult(id: "…") { state prediction { ... on ${graphql.predictionType} { ${fields.join(' ')} } } } }

  Ctrl-C stops it.
`;
}
