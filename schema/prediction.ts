/** The GraphQL type of a prediction: one object type per model, made from its manifest, in a union. */
import type { ManifestOutput } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Values } from '../src/task.ts';
import type { Builder } from './builder.ts';

/** A prediction on its way to its GraphQL type. */
export interface Prediction {
  readonly model: string;
  readonly values: Values;
}

export function definePrediction(builder: Builder, models: readonly Model[]) {
  const typeNames = new Map(models.map(({ manifest }) => [manifest.name, manifest.graphql.predictionType]));
  return builder.unionType('Prediction', {
    description: 'One type per model.',
    types: models.map((model) => definePredictionType(builder, model)),
    resolveType: ({ model }) => typeNames.get(model) ?? null,
  });
}

function definePredictionType(builder: Builder, { manifest }: Model) {
  return builder.objectRef<Prediction>(manifest.graphql.predictionType).implement({
    description: `What the model ${manifest.name} predicts.`,
    fields: (t) =>
      Object.fromEntries(
        manifest.outputs.map((output) => {
          const { name } = output;
          const description = describeOutput(output);
          // A result of an older manifest may lack the value or have another kind: then GraphQL refuses to show it.
          switch (output.type) {
            case 'string':
              return [name, t.string({ description, resolve: ({ values }) => values[name] as string })];
            case 'boolean':
              return [name, t.boolean({ description, resolve: ({ values }) => values[name] as boolean })];
            default:
              return [
                name,
                output.size === undefined
                  ? t.float({ description, resolve: ({ values }) => values[name] as number })
                  : t.floatList({ description, resolve: ({ values }) => values[name] as readonly number[] }),
              ];
          }
        }),
      ),
  });
}

export function describeOutput(output: ManifestOutput): string {
  if (!('unit' in output)) return output.description;
  const length = output.size === undefined ? '' : `; a list of ${output.size}`;
  return `${output.description} Unit: ${output.unit}${length}.`;
}
