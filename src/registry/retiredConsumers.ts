/** Deletes the consumers of retired versions, once no task can wait for them. */
import type { Broker } from '../broker/broker.ts';
import type { Model } from '../models/models.ts';
import { isForgotten } from './retention.ts';

/** Does nothing where this process may not delete consumers. @throws {RequestError} `BROKER_UNAVAILABLE`. */
export async function dropRetired(
  broker: Pick<Broker, 'dropVersion' | 'now' | 'queuedVersions'> & {
    readonly versions: Pick<Broker['versions'], 'read'>;
  },
  models: readonly Model[],
): Promise<void> {
  const { versions } = await broker.versions.read();
  const now = broker.now();
  for (const { manifest, versions: present } of models) {
    const forgotten = versions.filter(
      ({ model, retired }) => model === manifest.name && isForgotten(retired, now),
    );
    if (forgotten.length === 0) continue;
    const consumed = new Set(await broker.queuedVersions(manifest.name));
    for (const { model, version } of forgotten) {
      // A folder of MODELS_DIR may have the number of a version that is retired.
      const isServed = present.some((each) => each.version === version);
      if (consumed.has(version) && !isServed) await broker.dropVersion(model, version);
    }
  }
}
