/** Chooses the models and versions that a worker serves: `WORKER_MODELS`. */

import { ConfigurationError } from '../src/contract/errors.ts';
import type { Model } from '../src/models/models.ts';
import type { ServedModel } from '../src/process/config.ts';

export interface Served {
  readonly model: Model;
  /** The model's weight when models compete for slots. */
  readonly weight: number;
  /** The versions to serve; undefined: all, also those to come. */
  readonly versions: ReadonlySet<string> | undefined;
}

/**
 * @param wanted undefined: all models, with weight 1.
 * @throws {ConfigurationError} if a model is not there, or has different weights.
 */
export function servedOf(
  wanted: readonly ServedModel[] | undefined,
  models: readonly Model[],
): readonly Served[] {
  if (wanted === undefined) return models.map((model) => ({ model, weight: 1, versions: undefined }));
  const unknown = wanted.find(({ name }) => !models.some(({ manifest }) => manifest.name === name));
  if (unknown !== undefined) {
    const names = models.map(({ manifest }) => manifest.name).join(', ');
    throw new ConfigurationError(`WORKER_MODELS must name models out of ${names}, got ${unknown.name}`);
  }
  return models.flatMap((model) => {
    const entries = wanted.filter(({ name }) => name === model.manifest.name);
    const [first] = entries;
    return first === undefined ? [] : [{ model, weight: oneWeight(entries), versions: versionsOf(entries) }];
  });
}

/** @returns the versions, as `model/version`, that are named and not there. */
export function missingOf(served: readonly Served[]): readonly string[] {
  return served.flatMap(({ model: { manifest, versions: present }, versions = new Set() }) =>
    [...versions]
      .filter((name) => !present.some(({ version }) => version === name))
      .map((name) => `${manifest.name}/${name}`),
  );
}

export function serves({ versions }: Served, version: string): boolean {
  return versions?.has(version) ?? true;
}

function oneWeight(entries: readonly ServedModel[]): number {
  const weights = [...new Set(entries.flatMap(({ weight }) => weight ?? []))];
  const [weight = 1, other] = weights;
  if (other !== undefined) {
    throw new ConfigurationError(
      `WORKER_MODELS must give a model one weight, which its versions share, got ${weights.join(' and ')} for ${entries[0]?.name}`,
    );
  }
  return weight;
}

function versionsOf(entries: readonly ServedModel[]): ReadonlySet<string> | undefined {
  const versions = entries.flatMap(({ version }) => version ?? []);
  return versions.length < entries.length ? undefined : new Set(versions);
}
