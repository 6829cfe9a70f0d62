/**
 * The GraphQL type of the outputs that a run gives before it is over. It is there if the manifest of a model says
 * `partialOutputs`.
 */
import type { PartialOutput } from '../src/contract/messages/notices.ts';
import type { Task } from '../src/contract/task.ts';
import { partialTypeOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';
import type { Outputs } from './outputs.ts';
import { definePredictionType } from './prediction.ts';

interface PartialOfTask extends PartialOutput {
  readonly task: Task;
}

/** @returns undefined if no model has such outputs. */
export function definePartial(builder: Builder, models: readonly Model[], outputs: Outputs) {
  const giving = models.map(({ manifest }) => manifest).filter(({ partialOutputs }) => partialOutputs);
  if (giving.length === 0) return undefined;
  const typeNames = new Map(giving.map((manifest) => [manifest.name, partialTypeOf(manifest)]));
  const outputRef = builder.unionType('PartialPrediction', {
    description: 'Outputs that came before a run was over. Each model that gives some has its own type.',
    types: giving.map((manifest) =>
      definePredictionType(builder, manifest, outputs, {
        name: partialTypeOf(manifest),
        description: `Outputs of the model ${manifest.name} before its run is over: null where there is none yet.`,
        isPartial: true,
      }),
    ),
    resolveType: ({ task }) => typeNames.get(task.model) ?? null,
  });
  return builder.objectRef<PartialOfTask>('TaskPartial').implement({
    description: 'What the run of a task has given before it is over. It is not stored: only the end is.',
    fields: (t) => ({
      sequence: t.exposeInt('sequence', {
        description:
          'How many partial outputs the run had given by then. Some are left out for a client that reads slowly. It begins again at 1 if the task is run again.',
      }),
      output: t.field({
        type: outputRef,
        description: 'The outputs.',
        resolve: ({ task, output }) => ({ task, values: output }),
      }),
    }),
  });
}
