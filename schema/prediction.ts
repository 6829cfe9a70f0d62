/** The GraphQL type of a prediction: one object type per model, made from its manifest, in a union. */
import type { Task } from '../src/contract/task.ts';
import type { Values } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';
import { describeOutput, type Outputs, readOutput } from './outputs.ts';

/** A prediction with its task. The GraphQL type is resolved from its model. */
export interface Prediction {
  readonly task: Task;
  readonly values: Values;
}

export function definePrediction(builder: Builder, models: readonly Model[], outputs: Outputs) {
  const typeNames = new Map(models.map(({ manifest }) => [manifest.name, manifest.graphql.predictionType]));
  return builder.unionType('Prediction', {
    description: 'A prediction. Each model has its own type.',
    types: models.map(({ manifest }) =>
      definePredictionType(builder, manifest, outputs, {
        name: manifest.graphql.predictionType,
        description: `A prediction of the model ${manifest.name}.`,
        isPartial: false,
      }),
    ),
    resolveType: ({ task }) => typeNames.get(task.model) ?? null,
  });
}

interface PredictionForm {
  readonly name: string;
  readonly description: string;
  /** Whether outputs may be missing: then their fields are nullable. */
  readonly isPartial: boolean;
}

export function definePredictionType(
  builder: Builder,
  manifest: Manifest,
  outputs: Outputs,
  { name: typeName, description: ofType, isPartial: nullable }: PredictionForm,
) {
  return builder.objectRef<Prediction>(typeName).implement({
    description: ofType,
    fields: (t) =>
      Object.fromEntries(
        manifest.outputs.map((output) => {
          const { name } = output;
          const read = ({ task, values }: Prediction) =>
            nullable && values[name] === undefined ? null : readOutput(output, values[name], task);
          // The types of the results follow from the manifest: the compiler cannot know them.
          const resolve = read as (from: Prediction) => never;
          return [
            name,
            t.field({ type: outputs.typeOf(output), nullable, description: describeOutput(output), resolve }),
          ];
        }),
      ),
  });
}
