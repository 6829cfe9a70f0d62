/** What turned out to be true: reported for a task, and shown as the live error of a version. */

import type { Actual } from '../src/contract/messages/actual.ts';
import { absoluteErrorsOf, type OutputLiveError } from '../src/evaluation/actuals.ts';
import { type Manifest, type NumberOutput, numberOutputsOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import type { Builder } from './builder.ts';

/** By GraphQL name of the output. */
type GivenActual = Readonly<Record<string, unknown>>;

/** Only where a model predicts numbers: a schema says nothing that cannot be used. */
export function defineActuals(builder: Builder, models: readonly Model[]): void {
  const manifests = models
    .map(({ manifest }) => manifest)
    .filter((manifest) => numberOutputsOf(manifest).length > 0);
  if (manifests.length === 0) return;
  const fieldNames = new Map(manifests.map(({ name }) => [actualField(name), name]));
  const inputRefs = manifests.map((manifest) => [manifest, defineActual(builder, manifest)] as const);

  const actualRef = builder.inputType('ActualInput', {
    isOneOf: true,
    description: 'What turned out to be true, under the name of the model that had predicted it.',
    fields: (t) =>
      Object.fromEntries(
        inputRefs.map(([{ name }, type]) => [
          actualField(name),
          t.field({ type, description: `Of a task of the model ${name}.` }),
        ]),
      ),
  });

  const errorRef = builder.objectRef<ReturnType<typeof absoluteErrorsOf>[number]>('ActualError').implement({
    description: 'How far one output of a prediction was from what turned out to be true.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'Name of the output.' }),
      absoluteError: t.exposeFloat('absoluteError', {
        description: 'Without its sign, in the unit of the output; of a list, the mean over its numbers.',
      }),
    }),
  });
  const reportRef = builder.objectRef<Actual>('ActualReport').implement({
    description: 'What is stored of the truth about a task.',
    fields: (t) => ({
      taskId: t.exposeID('taskId', { description: 'Id of the task.' }),
      model: t.exposeString('model', { description: 'Name of the model.' }),
      modelVersion: t.exposeString('version', { description: 'Version of the model that had answered.' }),
      reportedAt: t.expose('reportedAt', {
        type: 'DateTime',
        description: 'When it was reported first.',
      }),
      errors: t.field({
        type: [errorRef],
        description: 'One entry for each output that was reported.',
        resolve: absoluteErrorsOf,
      }),
    }),
  });

  builder.mutationField('reportActual', (t) =>
    t.field({
      type: reportRef,
      description:
        'Tells what turned out to be true of a task that has succeeded, as long as its result is kept: `liveError` of its version counts it. Once for each task, with all outputs that are known: the same again is answered with what is stored. Anybody who knows the id may report, and the first report stays. Errors: `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `TASK_UNFINISHED`, `NO_PREDICTION`, `ACTUAL_CONFLICT`, `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`.',
      args: {
        taskId: t.arg.id({ required: true, description: 'As a mutation returned it.' }),
        actual: t.arg({ type: actualRef, required: true, description: 'What turned out to be true.' }),
      },
      resolve: (_root, { taskId, actual }, { actuals }) => {
        const [field = '', given = {}] = Object.entries(actual)[0] ?? [];
        return actuals.report(taskId, fieldNames.get(field) ?? '', given);
      },
    }),
  );
}

export function defineLiveError(builder: Builder) {
  return builder.objectRef<OutputLiveError>('LiveError').implement({
    description: 'How far the predictions of one output were from what turned out to be true.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'Name of the output.' }),
      unit: t.exposeString('unit', { description: 'Unit of `mae` and `rmse`.' }),
      count: t.exposeInt('count', { description: 'Tasks whose truth was reported.' }),
      mae: t.exposeFloat('mae', {
        description: 'Mean absolute error, in `unit`; of a list, over all its numbers.',
      }),
      rmse: t.exposeFloat('rmse', { description: 'Root mean squared error, in `unit`.' }),
    }),
  });
}

function defineActual(builder: Builder, manifest: Manifest) {
  const { name } = manifest;
  const field = actualField(name);
  const typeName = `${field.charAt(0).toUpperCase()}${field.slice(1)}Actual`;
  return builder.inputRef<GivenActual>(typeName).implement({
    description: `What turned out to be true of a task of the model ${name}: at least one output.`,
    fields: (t) =>
      Object.fromEntries(
        numberOutputsOf(manifest).map((output) => {
          const description = describeActual(manifest, output);
          return [
            output.name,
            output.size === undefined ? t.float({ description }) : t.floatList({ description }),
          ];
        }),
      ),
  });
}

/** A model's name in camel case, different for different names: a hyphen without a letter behind it is kept as `_`. */
function actualField(model: string): string {
  return model.replace(/-([a-z])?/g, (_hyphen, letter?: string) => letter?.toUpperCase() ?? '_');
}

function describeActual({ graphql }: Manifest, { name, unit, size, minimum, maximum }: NumberOutput): string {
  const facts = [
    `unit: ${unit}`,
    ...(size === undefined ? [] : [`a list of ${size}`]),
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
  ].join('; ');
  return `The true value of \`${graphql.predictionType}.${name}\`. ${facts.charAt(0).toUpperCase()}${facts.slice(1)}.`;
}
