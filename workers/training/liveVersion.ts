/** The version of a model that answers most of its tasks now: a new one is compared with it. */
import { join } from 'node:path';
import type { Broker } from '../../src/broker/broker.ts';
import type { InputProfile } from '../../src/contract/messages/datasetRecord.ts';
import type { Model, ModelVersion } from '../../src/models/models.ts';
import { pullVersion } from '../../src/registry/pulledFolder.ts';
import type { StepContext } from './step.ts';

type RegistryBroker = Pick<Broker, 'rollouts' | 'versions'>;

/**
 * @returns undefined if the model has no version yet. @throws {RequestError} `BROKER_UNAVAILABLE`. @throws {Error} saying
 *   why a version of the registry cannot be brought here.
 */
export async function liveVersion(
  broker: RegistryBroker,
  { model, folder, artifacts, signal }: StepContext,
): Promise<ModelVersion | undefined> {
  const name = await liveNumber(broker, model);
  const own = model.versions.find(({ version }) => version === name);
  if (own !== undefined || name === undefined) return own;
  const record = await recordOf(broker, model, name);
  return record && pullVersion(record, { root: join(folder, 'live'), artifacts, areSigned: false, signal });
}

/** How the data were distributed of which the live version was made; undefined if that is not known. */
export async function liveProfile(
  broker: RegistryBroker,
  model: Model,
): Promise<readonly InputProfile[] | undefined> {
  const name = await liveNumber(broker, model);
  return name === undefined ? undefined : (await recordOf(broker, model, name))?.profile;
}

/** By rollout the one with most tasks; without one the newest of the folder, since those of the registry wait for one. */
async function liveNumber({ rollouts }: RegistryBroker, model: Model): Promise<string | undefined> {
  const { record } = await rollouts.read(model.manifest.name);
  const [most] = (record?.weights ?? []).toSorted((a, b) => b.percent - a.percent);
  return most?.version ?? model.versions.at(-1)?.version;
}

async function recordOf({ versions }: RegistryBroker, { manifest }: Model, name: string) {
  const content = await versions.read();
  return content.versions.find(({ model, version }) => model === manifest.name && version === name)?.record;
}
