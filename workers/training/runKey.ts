/**
 * The run key: what makes a version, as one digest. Another training with the same key would give the same version, so
 * it is not begun.
 */
import { hash } from 'node:crypto';
import type { TrainingAsk } from '../../src/contract/work.ts';

export interface RunKeyParts extends Pick<TrainingAsk, 'datasets' | 'split' | 'params' | 'seed' | 'recipe'> {
  /** See `digestOfRecipe`. */
  readonly recipeSha256: string;
  /** What the recipe runs in, in words. */
  readonly environment: string;
}

export function runKeyOf(parts: RunKeyParts): string {
  const { datasets, split, params, seed, recipe, recipeSha256, environment } = parts;
  const used = datasets.map(({ name, digest, use }) => [name, digest, use]);
  const cut = split === undefined ? null : [split.holdoutPercent, split.by];
  const given = Object.keys(params)
    .toSorted()
    .map((name) => [name, params[name]]);
  return hash('sha256', JSON.stringify([used, cut, recipe, recipeSha256, given, seed, environment]), 'hex');
}
