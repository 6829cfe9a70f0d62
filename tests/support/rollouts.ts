/** Rollouts as operators set and see them, and models with versions that can be told apart. */
import { type Answer, post } from './client.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from './models.ts';
import type { Gateway } from './processes.ts';
import { eventually } from './streams.ts';

/** What version 2 of `twoVersions` answers. */
export const MINUTES = 42;

export const SET_ROLLOUT = `mutation ($model: String! = "trip-duration", $weights: [VersionWeight!]!, $moveQueued: Boolean! = false) {
  setRollout(model: $model, weights: $weights, moveQueued: $moveQueued) {
    movedTasks heldTasks stoppedBy model { name versions { version weightPercent } } } }`;
const VERSIONS = `{ models { name versions {
  version state reason weightPercent observedPercent liveWorkers digest createdAt trainedOn metrics { name value } } } }`;

interface VersionView {
  readonly version: string;
  readonly state: string;
  readonly weightPercent: number | null;
  readonly observedPercent: number | null;
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

/** The only field of an answer. @throws with the errors if there are any. */
function fieldOf<T>({ data, errors }: Answer): T {
  if (errors !== undefined || !data) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0] as T;
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

/** The shares of a model whose rollout is set. */
export async function rolloutOf({ url }: Gateway): Promise<readonly ShareView[]> {
  const [model] = fieldOf<readonly { rollout: readonly ShareView[] }[]>(
    await post(url, '{ models { rollout { version percent isThere } } }'),
  );
  return model?.rollout ?? [];
}

/** Resolves once a gateway has these weights in force. */
export async function inForce(gateway: Gateway, ...percents: readonly (number | null)[]): Promise<void> {
  await eventually(
    () => versionsOf(gateway),
    (versions) => versions.every(({ weightPercent }, i) => weightPercent === percents[i]),
  );
}

/** Versions 1, the committed one, and 2, which answers a constant. */
export async function twoVersions(): Promise<ModelsFolder> {
  const models = await modelsWith();
  await addConstantVersion(models, '2', MINUTES);
  return models;
}
