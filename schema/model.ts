/** The GraphQL type of models. */
import { exampleVariable } from '../src/models/graphqlLiteral.ts';
import { partialTypeOf } from '../src/models/manifest.ts';
import type { Model, UnreadableVersion } from '../src/models/models.ts';
import { VersionState } from '../src/rollout/offering.ts';
import type { Share } from '../src/rollout/rolloutService.ts';
import type { Builder, Context } from './builder.ts';
import { defineModelField, fieldsOfModel } from './modelField.ts';
import { defineModelTraining } from './modelTraining.ts';
import { type ModelVersionRef, type VersionWithShares, withShares } from './modelVersion.ts';
import type { NodeRef } from './node.ts';

/** The points of complexity of what needs the rollouts of before: they are read from the broker. */
const HISTORY_POINTS = 10;
/** Those of its pause, which the broker knows. */
const PAUSE_POINTS = 10;

export type ModelRef = ReturnType<typeof defineModel>;

export function defineModel(builder: Builder, nodeRef: NodeRef, versionRef: ModelVersionRef) {
  const fieldRef = defineModelField(builder);

  const unreadableRef = builder.objectRef<UnreadableVersion>('UnreadableVersion').implement({
    description:
      'A version folder that this gateway cannot read, or cannot read yet. If it has read the folder before, that content still applies.',
    fields: (t) => ({
      version: t.exposeString('version', { description: "The folder's name." }),
      reason: t.exposeString('reason', { description: 'What is missing or wrong.' }),
    }),
  });

  const trainingRef = defineModelTraining(builder);
  const shareRef = builder.objectRef<Share>('VersionShare').implement({
    description: 'The share of a version in the present rollout.',
    fields: (t) => ({
      version: t.exposeString('version', { description: 'The version, as it was set.' }),
      percent: t.exposeFloat('percent', { description: 'Its share of the tasks, as it was set.' }),
      isThere: t.exposeBoolean('isThere', {
        description:
          'Whether its folder exists and has the model that was given the share. If not, the other versions with a share answer its tasks, until the folder is back or `setRollout` is called again.',
      }),
    }),
  });

  return builder.objectRef<Model>('Model').implement({
    description: 'A model, as its manifest describes it.',
    interfaces: [nodeRef],
    fields: (t) => ({
      name: t.string({ description: 'Name of the model.', resolve: ({ manifest }) => manifest.name }),
      description: t.string({
        description: 'What it predicts.',
        resolve: ({ manifest }) => manifest.description,
      }),
      mutation: t.string({
        description: 'The mutation that submits one task.',
        resolve: ({ manifest }) => manifest.graphql.mutation,
      }),
      batchMutation: t.string({
        description: 'The mutation that submits many rows as one task.',
        resolve: ({ manifest }) => manifest.graphql.batchMutation,
      }),
      inputType: t.string({
        description: 'The input type of both mutations.',
        resolve: ({ manifest }) => manifest.graphql.inputType,
      }),
      predictionType: t.string({
        description: 'The type of its predictions.',
        resolve: ({ manifest }) => manifest.graphql.predictionType,
      }),
      partialType: t.string({
        nullable: true,
        description: 'The type of what its runs give before they are over; null if they give nothing before.',
        resolve: ({ manifest }) => (manifest.partialOutputs ? partialTypeOf(manifest) : null),
      }),
      columnsType: t.string({
        description: 'The type of the predictions for many rows.',
        resolve: ({ manifest }) => manifest.graphql.columnsType,
      }),
      example: t.string({
        description:
          'An example of its input, as the text of a JSON object: the variable `input` of its mutation can have this value.',
        resolve: ({ manifest }) => JSON.stringify(exampleVariable(manifest)),
      }),
      inputs: t.field({
        type: [fieldRef],
        description: 'Its inputs.',
        resolve: ({ manifest }) => fieldsOfModel(manifest, manifest.inputs),
      }),
      outputs: t.field({
        type: [fieldRef],
        description: 'Its outputs.',
        resolve: ({ manifest }) => fieldsOfModel(manifest, manifest.outputs),
      }),
      maxBatchSize: t.int({
        description: 'The most tasks in one run.',
        resolve: ({ manifest }) => manifest.batching.maxBatchSize,
      }),
      timeoutMs: t.int({
        description: 'The time limit of tasks that do not set one, in milliseconds.',
        resolve: ({ manifest }) => manifest.limits.timeoutMs,
      }),
      isPaused: t.boolean({
        extensions: { points: PAUSE_POINTS },
        description: `Whether \`pauseModel\` holds its tasks back. Error: \`BROKER_UNAVAILABLE\`. ${PAUSE_POINTS} points of complexity.`,
        resolve: (model, _args, { pauses }) => pauses.isPaused(model),
      }),
      versions: t.field({
        type: [versionRef],
        description: 'Its versions, oldest first.',
        resolve: (model, _args, context) => versionsOf(model, context),
      }),
      rollout: t.field({
        type: [shareRef],
        nullable: true,
        description:
          'All shares that `setRollout` has set, also those of versions that are gone; null if the model has no rollout.',
        resolve: (model, _args, { rollouts }) => rollouts.shares(model),
      }),
      live: t.field({
        type: [versionRef],
        description: 'The versions with a share of the tasks. Without a rollout, the version that answers.',
        resolve: (model, _args, context) => {
          const { offering } = context;
          const shares = context.rollouts.shares(model);
          return versionsOf(model, context).filter(({ record: { version }, weightPercent = 0 }) =>
            shares === undefined ? version === offering.answering(model) : weightPercent > 0,
          );
        },
      }),
      previous: t.field({
        type: versionRef,
        nullable: true,
        extensions: { points: HISTORY_POINTS },
        description: `The version that had a share last, of those that do not answer now; null if it is gone, or if there was none. ${HISTORY_POINTS} points of complexity.`,
        resolve: async (model, _args, context) => {
          const { offering, registry, rollouts } = context;
          const live = rollouts.shares(model) === undefined ? offering.answering(model) : undefined;
          const last = (await registry.formerlyLive(model)).find((version) => version !== live);
          return versionsOf(model, context).find(({ record }) => record.version === last);
        },
      }),
      candidates: t.field({
        type: [versionRef],
        extensions: { points: HISTORY_POINTS },
        description: `The versions of the registry that have had no share yet and are not retired, oldest first. ${HISTORY_POINTS} points of complexity.`,
        resolve: async (model, _args, context) => {
          const formerly = await context.registry.formerlyLive(model);
          return versionsOf(model, context).filter(
            ({ record: { registered, version }, state, weightPercent = 0 }) =>
              registered !== undefined &&
              state !== VersionState.Leaving &&
              weightPercent === 0 &&
              !formerly.includes(version),
          );
        },
      }),
      training: t.field({
        type: trainingRef,
        nullable: true,
        description: 'How `trainModel` trains it; null if it cannot be trained so.',
        resolve: ({ manifest }) => manifest.training,
      }),
      unreadableVersions: t.expose('unreadable', {
        type: [unreadableRef],
        description: 'Version folders whose `version.json` is missing or wrong, oldest first.',
      }),
    }),
  });
}

export function versionsOf(
  model: Model,
  { offering, rollouts }: Pick<Context, 'offering' | 'rollouts'>,
): readonly VersionWithShares[] {
  return withShares(model, offering.versions(model), {
    weights: rollouts.shares(model),
    shadow: rollouts.shadowWeights(model),
  });
}
