/** A connection for the commands of the registry: it reads and writes versions and their files, and reads rollouts. */
import { streams } from '../contract/subjects.ts';
import { ArtifactStore } from './artifactStore.ts';
import { openBareConnection } from './bareConnection.ts';
import { BrokerClock } from './clock.ts';
import { accessWith, type ConnectionOptions } from './connection.ts';
import { RolloutStore } from './rolloutStore.ts';
import { VersionStore } from './versionStore.ts';

export interface RegistryConnection extends AsyncDisposable {
  readonly versions: VersionStore;
  readonly rollouts: RolloutStore;
  readonly artifacts: ArtifactStore;
  /** Broker time. */
  now(): number;
}

export interface RegistryConnectionOptions extends Omit<ConnectionOptions, 'role'> {
  readonly blobsNatsUrl: string | undefined;
}

/** The role that makes versions. */
const ROLE = 'trainer';

/** @throws as `connectPatiently` does; a RequestError `BROKER_UNAVAILABLE` if the broker has no registry. */
export async function openRegistryConnection({
  blobsNatsUrl,
  ...options
}: RegistryConnectionOptions): Promise<RegistryConnection> {
  await using opened = new AsyncDisposableStack();
  const bare = opened.use(await openBareConnection({ ...options, role: ROLE }));
  const { log } = options;
  const large =
    blobsNatsUrl === undefined
      ? bare
      : opened.use(
          await openBareConnection({
            ...options,
            role: ROLE,
            access: accessWith(options.access, blobsNatsUrl),
          }),
        );
  const clock = new BrokerClock();
  const sentAt = performance.now();
  const { ts } = await bare.stored.ask((manager) => manager.streams.info(streams.versions));
  clock.learn(Date.parse(String(ts)), sentAt, performance.now());
  const now = () => clock.now();
  const stack = opened.move();
  return {
    versions: new VersionStore({ ...bare, log }),
    rollouts: new RolloutStore(bare),
    artifacts: new ArtifactStore({ ...large, now }),
    now,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
