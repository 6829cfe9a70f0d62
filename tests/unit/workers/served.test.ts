/** The models and versions that a worker serves. */
import { describe, expect, test } from 'vitest';
import type { Model } from '../../../src/models/models.ts';
import type { ServedModel } from '../../../src/process/config.ts';
import { servedOf, serves } from '../../../workers/served.ts';

const model = (name: string) => ({ manifest: { name }, versions: [] }) as unknown as Model;
const MODELS = ['churn', 'housing', 'trip-duration'].map(model);

/** Each served model with its weight, and the versions out of 1 and 2 that it includes. */
function served(...wanted: readonly Partial<ServedModel>[]) {
  const entries = wanted.map((entry) => ({ version: undefined, weight: undefined, ...entry }) as ServedModel);
  return servedOf(entries.length === 0 ? undefined : entries, MODELS).map((one) => [
    one.model.manifest.name,
    one.weight,
    ['1', '2'].filter((version) => serves(one, version)).join(),
  ]);
}

describe('WORKER_MODELS', () => {
  test('unset means every model, with the same weight', () => {
    expect(served()).toEqual(['churn', 'housing', 'trip-duration'].map((name) => [name, 1, '1,2']));
  });

  test('names models and versions, and the versions of a model share one weight', () => {
    expect(served({ name: 'trip-duration', weight: 3 }, { name: 'churn', version: '2' })).toEqual([
      ['churn', 1, '2'],
      ['trip-duration', 3, '1,2'],
    ]);
    expect(served({ name: 'churn', version: '1', weight: 2 }, { name: 'churn', version: '2' })).toEqual([
      ['churn', 2, '1,2'],
    ]);
    expect(served({ name: 'churn', version: '1' }, { name: 'churn' })).toEqual([['churn', 1, '1,2']]);
  });

  test('is refused if it names an unknown model, or gives a model two weights', () => {
    expect(() => served({ name: 'churn' }, { name: 'trips' })).toThrow(
      'WORKER_MODELS must name models out of churn, housing, trip-duration, got trips',
    );
    const twice = ['1', '2'].map((version) => ({ name: 'churn', version, weight: 1 + Number(version) }));
    expect(() => served(...twice)).toThrow(
      'WORKER_MODELS must give a model one weight, which its versions share, got 2 and 3 for churn',
    );
  });
});
