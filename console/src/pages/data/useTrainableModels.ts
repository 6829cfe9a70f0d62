import { useQuery } from '@apollo/client/react';
import type { TrainableModelsQuery } from '../../api/gql/graphql.ts';
import { TRAINABLE_MODELS } from './operations.ts';

type Listed = TrainableModelsQuery['models'][number];
type Training = NonNullable<Listed['training']>;
export type TrainingParameter = Training['params'][number];

export interface TrainableModel {
  readonly name: string;
  readonly inputs: Listed['inputs'];
  readonly training: Training;
}

/** The models that have a `training` in their manifest. */
export function useTrainableModels() {
  const { data, error } = useQuery(TRAINABLE_MODELS, { fetchPolicy: 'no-cache' });
  const models = data?.models.flatMap(({ name, inputs, training }): readonly TrainableModel[] =>
    training === null ? [] : [{ name, inputs, training }],
  );
  return { models, error };
}
