/** The GraphQL type of a prediction: one object type per model, made from its manifest, in a union. */
import { RequestError, RequestErrorCode } from '../src/contract/errors.ts';
import type { Value, Values } from '../src/contract/values.ts';
import { isPlainOutput, type ManifestOutput, sizeOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';

/** A prediction with its model. The GraphQL type is resolved from it. */
export interface Prediction {
  readonly model: string;
  readonly values: Values;
}

export function definePrediction(builder: Builder, models: readonly Model[]) {
  const typeNames = new Map(models.map(({ manifest }) => [manifest.name, manifest.graphql.predictionType]));
  return builder.unionType('Prediction', {
    description: 'A prediction. Each model has its own type.',
    types: models.map((model) => definePredictionType(builder, model)),
    resolveType: ({ model }) => typeNames.get(model) ?? null,
  });
}

function definePredictionType(builder: Builder, { manifest }: Model) {
  return builder.objectRef<Prediction>(manifest.graphql.predictionType).implement({
    description: `A prediction of the model ${manifest.name}.`,
    fields: (t) =>
      Object.fromEntries(
        manifest.outputs.filter(isPlainOutput).map((output) => {
          const { name } = output;
          const description = describeOutput(output);
          const read = ({ values }: Prediction) => readOutput(output, values[name]);
          switch (output.type) {
            case 'string':
              return [name, t.string({ description, resolve: read as (from: Prediction) => string })];
            case 'boolean':
              return [name, t.boolean({ description, resolve: read as (from: Prediction) => boolean })];
            default:
              return [
                name,
                output.size === undefined
                  ? t.float({ description, resolve: read as (from: Prediction) => number })
                  : t.floatList({ description, resolve: read as (from: Prediction) => readonly number[] }),
              ];
          }
        }),
      ),
  });
}

/**
 * Checks that a value is of the kind that the manifest describes. It may be missing or of another kind if the manifest
 * was changed after the result was stored, or if another program has written the result.
 *
 * @throws {RequestError} `RESULT_UNREADABLE`.
 */
export function readOutput(output: ManifestOutput, value: Value | undefined): Value {
  const kind = output.type === 'string' || output.type === 'boolean' ? output.type : 'number';
  const isKind = sizeOf(output) === undefined ? typeof value === kind : Array.isArray(value);
  if (isKind && value !== undefined) return value;
  throw new RequestError(
    RequestErrorCode.ResultUnreadable,
    `The result has no ${output.name} as the manifest describes it now: submit the task again.`,
    { details: { output: output.name } },
  );
}

export function describeOutput(output: ManifestOutput): string {
  if (!('unit' in output) || 'shape' in output) return output.description;
  const length = output.size === undefined ? '' : `; a list of ${output.size}`;
  return `${output.description} Unit: ${output.unit}${length}.`;
}
