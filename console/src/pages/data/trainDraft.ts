/** What stands in the form of a training, and the input that it becomes. */
import type { SplitBy, TrainModelInput } from '../../api/gql/graphql.ts';
import type { TrainingSettings } from './operations.ts';
import type { TrainableModel, TrainingParameter } from './useTrainableModels.ts';

export interface TrainDraft {
  /** Name and digest of the dataset to train on, as `datasetKey` writes them. */
  readonly trainOn: string | null;
  /** Of the dataset to judge by. Null: a part of the one to train on. */
  readonly judgeBy: string | null;
  readonly holdoutPercent: number | string;
  readonly splitBy: SplitBy;
  readonly seed: number | string;
  readonly hours: number | string;
  /** Those that differ from their default. */
  readonly params: Readonly<Record<string, string | number | boolean>>;
}

export const NEW_DRAFT: TrainDraft = {
  ...{ trainOn: null, judgeBy: null, holdoutPercent: 20, splitBy: 'HASH' },
  ...{ seed: 0, hours: '', params: {} },
};

/** The form has one field for the data to train on, and one for those to judge by. */
export function isRepeatable({ datasets }: TrainingSettings): boolean {
  const countOf = (wanted: string) => datasets.filter(({ use }) => use === wanted).length;
  return countOf('TRAIN') === 1 && countOf('HOLDOUT') <= 1 && countOf('VALIDATE') === 0;
}

/** The form as it was filled in for a training before. */
export function draftOf({ datasets, holdoutPercent, splitBy, params, seed }: TrainingSettings): TrainDraft {
  const keyOf = (wanted: string) => {
    const found = datasets.find(({ use }) => use === wanted);
    return found === undefined ? null : datasetKey(found);
  };
  return {
    ...NEW_DRAFT,
    trainOn: keyOf('TRAIN'),
    judgeBy: keyOf('HOLDOUT'),
    ...(holdoutPercent !== null && { holdoutPercent }),
    splitBy: splitBy === 'TIME' ? 'TIME' : 'HASH',
    seed,
    params: Object.fromEntries(params.map(({ name, value }) => [name, JSON.parse(value)])),
  };
}

export function datasetKey({ name, digest }: { readonly name: string; readonly digest: string }): string {
  return `${name} ${digest}`;
}

export function inputOf({ name, training }: TrainableModel, draft: TrainDraft): TrainModelInput {
  const { trainOn, judgeBy, holdoutPercent, splitBy, seed } = draft;
  const params = Object.fromEntries(
    training.params.flatMap((param) => {
      const value = draft.params[param.name];
      return value === undefined || value === '' ? [] : [[param.name, typedValue(param, value)]];
    }),
  );
  return {
    model: name,
    datasets: [
      { ...partsOf(trainOn ?? ''), use: 'TRAIN' },
      ...(judgeBy === null ? [] : [{ ...partsOf(judgeBy), use: 'HOLDOUT' as const }]),
    ],
    seed: Number(seed || 0),
    ...(judgeBy === null && { split: { holdoutPercent: Number(holdoutPercent), by: splitBy } }),
    // The types of the build know only the models that Tidings comes with.
    ...(Object.keys(params).length > 0 && {
      params: { [fieldOfModel(name)]: params } as NonNullable<TrainModelInput['params']>,
    }),
  };
}

/** Without one, the manifest decides. */
export function timeoutMsOf({ hours }: TrainDraft): number | undefined {
  return hours === '' ? undefined : Math.round(Number(hours) * 3_600_000);
}

function partsOf(key: string) {
  const [name = '', digest = ''] = key.split(' ');
  return { name, digest };
}

function typedValue({ type }: TrainingParameter, value: string | number | boolean) {
  return type === 'int32' || type === 'float64' ? Number(value) : value;
}

/** A model's name in camel case, as the schema has it. */
function fieldOfModel(model: string): string {
  return model.replace(/-([a-z])?/g, (_hyphen, letter?: string) => letter?.toUpperCase() ?? '_');
}
