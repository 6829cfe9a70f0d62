import { describe, expect, test } from 'vitest';
import type { Model } from '../../../src/models/models.ts';
import { readConfig } from '../../../src/process/config.ts';
import { servedOf, serves } from '../../../workers/served.ts';

const model = (name: string) => ({ manifest: { name }, versions: [] }) as unknown as Model;
const MODELS = ['churn', 'housing', 'trip-duration'].map(model);

/** What WORKER_MODELS means, by model: weight, and which of the versions 1 and 2. */
function served(text: string | undefined) {
  const { workerModels } = readConfig(text === undefined ? {} : { WORKER_MODELS: text });
  return servedOf(workerModels, MODELS).map((one) => [
    one.model.manifest.name,
    one.weight,
    ['1', '2'].filter((version) => serves(one, version)).join(),
  ]);
}

describe('WORKER_MODELS', () => {
  test('unset means every model, with the same weight', () => {
    const all = ['churn', 'housing', 'trip-duration'].map((name) => [name, 1, '1,2']);
    expect(served(undefined)).toEqual(all);
    expect(served('')).toEqual(all);
  });

  test('names models and versions, with weights that a model has once for all its versions', () => {
    expect(served('trip-duration=3, churn/2')).toEqual([
      ['churn', 1, '2'],
      ['trip-duration', 3, '1,2'],
    ]);
    expect(served('churn/1=2,churn/2')).toEqual([['churn', 2, '1,2']]);
    expect(served('churn/1,churn')).toEqual([['churn', 1, '1,2']]);
  });

  test.for([
    ['churn,trips', 'WORKER_MODELS must name models out of churn, housing, trip-duration, got trips'],
    [
      'churn/1=2,churn/2=3',
      'WORKER_MODELS must give a model one weight, which its versions share, got 2 and 3 for churn',
    ],
    [',', 'WORKER_MODELS must be a list of models or versions'],
    ['churn=0', 'WORKER_MODELS must be a list of models or versions'],
    ['churn/one', 'WORKER_MODELS must be a list of models or versions'],
    ['Churn', 'WORKER_MODELS must be a list of models or versions'],
  ] as const)('%s is refused', ([text, message]) => {
    expect(() => served(text)).toThrow(message);
  });
});
