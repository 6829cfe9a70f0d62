/** The mutation that reports the true values for a task, and the type of a version's live error. */

import type { Actual } from '../src/contract/messages/actual.ts';
import { absoluteErrorsOf, type OutputLiveError } from '../src/evaluation/actuals.ts';
import { type Manifest, type NumberOutput, numberOutputsOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import { type Builder, replacedBy } from './builder.ts';

/** The reported values, by GraphQL name of the output. */
type GivenActual = Readonly<Record<string, unknown>>;

/** Defines the mutation if a model predicts numbers. A schema has no types that cannot be used. */
export function defineActuals(builder: Builder, models: readonly Model[]): void {
  const manifests = models
    .map(({ manifest }) => manifest)
    .filter((manifest) => numberOutputsOf(manifest).length > 0);
  if (manifests.length === 0) return;
  const fieldNames = new Map(manifests.map(({ name }) => [fieldOfModel(name), name]));
  const inputRefs = manifests.map((manifest) => [manifest, defineActual(builder, manifest)] as const);

  const actualRef = builder.inputType('ActualInput', {
    isOneOf: true,
    description: 'The true values for a task, under the name of the model that predicted them.',
    fields: (t) =>
      Object.fromEntries(
        inputRefs.map(([{ name }, type]) => [
          fieldOfModel(name),
          t.field({ type, description: `The true values for a task of the model ${name}.` }),
        ]),
      ),
  });

  const errorRef = builder.objectRef<ReturnType<typeof absoluteErrorsOf>[number]>('ActualError').implement({
    description: 'How far one output of a prediction was from the true value.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'Name of the output.' }),
      absoluteError: t.exposeFloat('absoluteError', {
        description:
          'The difference without its sign, in the unit of the output; for a list, the mean over its numbers.',
      }),
    }),
  });
  const reportRef = builder.objectRef<Actual>('ActualReport').implement({
    description: 'The stored report of the true values for a task.',
    fields: (t) => ({
      taskId: t.exposeID('taskId', { description: 'Id of the task.' }),
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      model: t.exposeString('model', {
        deprecationReason: replacedBy('modelName'),
        description: 'Name of the model.',
      }),
      modelVersion: t.exposeString('version', { description: 'Version of the model that answered.' }),
      reportedAt: t.expose('reportedAt', {
        type: 'DateTime',
        description: 'When the values were reported first.',
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
        'Reports the true values for a task that has succeeded, as long as its result is kept. They count in `liveError` of its version. A task has one report, so send all known outputs together. The first report stays, and repeating it returns the stored one. For the owner of the task, and operators. Errors: `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `TASK_UNFINISHED`, `NO_PREDICTION`, `ACTUAL_CONFLICT`, `BAD_USER_INPUT`, `OWNER_QUOTA`, `BROKER_UNAVAILABLE`.',
      args: {
        taskId: t.arg.id({ required: true, description: 'Id of the task, as a mutation returned it.' }),
        actual: t.arg({ type: actualRef, required: true, description: 'The true values.' }),
      },
      resolve: (_root, { taskId, actual }, { actuals, readable }) => {
        const [field = '', given = {}] = Object.entries(actual)[0] ?? [];
        return actuals.report({ taskId, readable, model: fieldNames.get(field) ?? '', given });
      },
    }),
  );
}

export function defineLiveError(builder: Builder) {
  return builder.objectRef<OutputLiveError>('LiveError').implement({
    description: 'How far the predictions of one output were from the true values.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'Name of the output.' }),
      unit: t.exposeString('unit', { description: 'Unit of `mae` and `rmse`.' }),
      count: t.exposeInt('count', { description: 'Number of tasks whose true value was reported.' }),
      mae: t.exposeFloat('mae', {
        description: 'Mean absolute error, in `unit`; for a list, over all its numbers.',
      }),
      rmse: t.exposeFloat('rmse', { description: 'Root mean squared error, in `unit`.' }),
    }),
  });
}

function defineActual(builder: Builder, manifest: Manifest) {
  const { name } = manifest;
  const field = fieldOfModel(name);
  const typeName = `${field.charAt(0).toUpperCase()}${field.slice(1)}Actual`;
  return builder.inputRef<GivenActual>(typeName).implement({
    description: `The true values for a task of the model ${name}: at least one output.`,
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

/**
 * A model's name in camel case. A hyphen without a letter behind it becomes `_`, so that different names stay
 * different.
 */
export function fieldOfModel(model: string): string {
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
