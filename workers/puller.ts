/** Brings the versions of the registry that this worker serves into folders of DATA_DIR. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ArtifactStore } from '../src/broker/broker.ts';
import { pullVersion, removeLeftovers, removePulled } from '../src/registry/pulledFolder.ts';
import { Puller, type PullerOptions } from '../src/registry/puller.ts';
import { PullRests } from './pullRests.ts';
import { type Served, serves } from './served.ts';
import type { Slots } from './slots.ts';

export interface WorkerPullerOptions
  extends Pick<PullerOptions, 'broker' | 'catalog' | 'trustedKeys' | 'onChange' | 'log'> {
  readonly artifacts: Pick<ArtifactStore, 'read'>;
  readonly served: readonly Served[];
  readonly slots: Pick<Slots, 'usedMs'>;
  readonly dataDir: string;
}

export async function openPuller({
  artifacts,
  served,
  slots,
  dataDir,
  ...options
}: WorkerPullerOptions): Promise<Puller> {
  const root = resolve(dataDir, 'models');
  for (const { model } of served) await removeLeftovers(root, model.manifest.name);
  const areSigned = options.trustedKeys !== undefined;
  const rests = new PullRests({ slots });
  return new Puller({
    ...options,
    serves: (model, version) =>
      served.some((each) => each.model.manifest.name === model && serves(each, version)),
    async bring(record, here, signal) {
      if (here !== undefined && existsSync(join(here.folder, 'version.json'))) return here;
      return pullVersion(record, { root, artifacts, areSigned, rest: () => rests.take(signal), signal });
    },
    remove: (model, version) => removePulled(root, model, version),
  });
}
