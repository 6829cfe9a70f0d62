/** The models of the system with all that a form, an operation or a view of a result needs to know of them. */
import { useQuery } from '@apollo/client/react';
import { graphql } from './gql/gql.ts';
import type { ModelsQuery } from './gql/graphql.ts';

/** Named in operations as `...ModelFieldParts`. */
export const MODEL_FIELD = graphql(`
  fragment ModelFieldParts on ModelField {
    name
    tensor
    valueType
    kind
    maxBytes
    description
    unit
    size
    shape {
      size
      axis {
        name
        minimum
        maximum
      }
    }
    exact
    labels
    columns
    allowNaN
    minimum
    maximum
    maxLength
    values
    modelValues
    timeZone
    default
  }
`);

const MODELS = graphql(`
  query Models {
    models {
      id
      name
      description
      mutation
      batchMutation
      inputType
      predictionType
      partialType
      columnsType
      example
      inputs {
        ...ModelFieldParts
      }
      outputs {
        ...ModelFieldParts
      }
      versions {
        version
        state
      }
      live {
        version
      }
    }
  }
`);

export type Model = ModelsQuery['models'][number];
export type ModelField = Model['inputs'][number];

export function useModels() {
  const { data, error } = useQuery(MODELS);
  return { models: data?.models, error };
}
