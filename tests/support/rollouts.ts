/** Rollouts for operators, and models whose versions have different answers. */
import { fieldOf, post } from './client.ts';
import { eventually } from './eventually.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from './models.ts';
import type { Gateway } from './processes.ts';
import { type SmallSystem, startSmallSystem } from './smallSystem.ts';

/** The answer of version 2 of `twoVersions`. */
export const MINUTES = 42;

export const SET_ROLLOUT = `mutation ($model: String! = "trip-duration", $weights: [VersionWeight!]!, $moveQueued: Boolean! = false) {
  setRollout(model: $model, weights: $weights, moveQueued: $moveQueued) {
    movedTasks heldTasks stoppedBy model { name versions { version weightPercent } } } }`;
const VERSIONS = `{ models { name versions {
  version state reason weightPercent observedPercent shadowPercent liveWorkers digest createdAt trainedOn metrics { name value } } } }`;

interface VersionView {
  readonly version: string;
  readonly state: string;
  readonly weightPercent: number | null;
  readonly observedPercent: number | null;
  readonly shadowPercent: number;
  readonly liveWorkers: number;
}

interface ChangeView {
  readonly movedTasks: number;
  readonly heldTasks: number;
  readonly stoppedBy: string | null;
}

interface ShareView {
  readonly version: string;
  readonly percent: number;
  readonly isThere: boolean;
}

type Shares = Readonly<Record<string, number>>;

export function weightsOf(shares: Shares) {
  return Object.entries(shares).map(([version, percent]) => ({ version, percent }));
}

export async function setRollout({ url }: Gateway, shares: Shares, moveQueued = false): Promise<ChangeView> {
  return fieldOf(await post(url, SET_ROLLOUT, { weights: weightsOf(shares), moveQueued }));
}

export async function versionsOf({ url }: Gateway): Promise<readonly VersionView[]> {
  const [model] = fieldOf<readonly { versions: readonly VersionView[] }[]>(await post(url, VERSIONS));
  return model?.versions ?? [];
}

/** The shares of the rollout that is set. */
export async function rolloutOf({ url }: Gateway): Promise<readonly ShareView[]> {
  const [model] = fieldOf<readonly { rollout: readonly ShareView[] }[]>(
    await post(url, '{ models { rollout { version percent isThere } } }'),
  );
  return model?.rollout ?? [];
}

/** Resolves once a gateway uses these weights. */
export async function inForce(gateway: Gateway, ...percents: readonly (number | null)[]): Promise<void> {
  await eventually(
    () => versionsOf(gateway),
    (versions) => versions.every(({ weightPercent }, i) => weightPercent === percents[i]),
  );
}

/** Resolves once a gateway knows a worker for each version. */
export async function allServed(gateway: Gateway): Promise<void> {
  await eventually(
    () => versionsOf(gateway),
    (versions) => versions.every(({ state }) => state === 'SERVED'),
  );
}

/** A models folder with version 1, the committed one, and version 2, which answers a constant. */
export async function twoVersions(limits: Readonly<Record<string, number>> = {}): Promise<ModelsFolder> {
  const models = await modelsWith((manifest) => Object.assign(manifest.limits as object, limits));
  await addConstantVersion(models, '2', MINUTES);
  return models;
}

/** A system that serves both. */
export async function startTwoVersions(): Promise<SmallSystem & { readonly models: ModelsFolder }> {
  const models = await twoVersions();
  const system = await startSmallSystem({ MODELS_DIR: models.path });
  await Promise.all([system.gateway, system.otherGateway].map(allServed));
  return {
    ...system,
    models,
    async [Symbol.asyncDispose]() {
      await system[Symbol.asyncDispose]();
      await models[Symbol.asyncDispose]();
    },
  };
}
