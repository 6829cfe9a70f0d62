/** The mutation by which operators set the shares of a model's versions. */
import { MAX_PERCENT_DECIMALS, type RolloutChange } from '../src/rollout/rolloutService.ts';
import type { Builder } from './builder.ts';
import type { ModelRef } from './model.ts';
import type { RequestErrorCodeRef } from './requestErrorCode.ts';

export function defineRollout(
  builder: Builder,
  modelRef: ModelRef,
  requestErrorCodeRef: RequestErrorCodeRef,
): void {
  const weightInput = builder.inputType('VersionWeight', {
    description: 'The share of one version.',
    fields: (t) => ({
      version: t.string({ required: true, description: 'A version, as `models` lists them.' }),
      percent: t.float({
        required: true,
        description: `Its share of the tasks: 0 to 100, with ${MAX_PERCENT_DECIMALS} decimals at most.`,
      }),
    }),
  });

  const changeRef = builder.objectRef<RolloutChange>('RolloutChange').implement({
    description: 'The result of `setRollout`.',
    fields: (t) => ({
      model: t.expose('model', { type: modelRef, description: 'The model, with its new weights.' }),
      movedTasks: t.exposeInt('movedTasks', {
        description:
          'Number of queued tasks that were moved before a worker had taken them. Only another version answers them. 0 without `moveQueued`.',
      }),
      heldTasks: t.exposeInt('heldTasks', {
        description:
          'Number of tasks that workers of a version without a share may already have taken. They are also given to another version, and the first answer counts. 0 without `moveQueued`.',
      }),
      stoppedBy: t.expose('stoppedBy', {
        type: requestErrorCodeRef,
        nullable: true,
        description:
          'The code of the refusal, `QUEUE_FULL`, that stopped the move. The other queued tasks stay; call the mutation again later. Null if all tasks were handled.',
      }),
    }),
  });

  builder.mutationField('setRollout', (t) =>
    t.field({
      type: changeRef,
      description:
        'Sets the share of the tasks that each version of a model gets. All gateways follow within a second. An affinity key stays with its version, unless the new weights take that part of the tasks away from the version. Errors: `BAD_USER_INPUT` (also for a new share or trial of a version that no live worker serves; an existing one may stay), `ROLLOUT_CONFLICT`, `BROKER_UNAVAILABLE`. For operators (`FORBIDDEN`).',
      args: {
        model: t.arg.string({ required: true, description: 'Name of the model.' }),
        weights: t.arg({
          type: [weightInput],
          required: true,
          description:
            'The shares. They sum to 100; a version that is not named gets no tasks. An empty list ends the rollout: then the newest served version answers.',
        }),
        shadow: t.arg({
          type: [weightInput],
          required: true,
          defaultValue: [],
          description:
            'Versions on which tasks are also tried, each with the percentage of the tasks. Users never see these answers; `rolloutComparison` compares them. A version that answers all tasks cannot be tried. Without this argument, no version is tried any more. The figures of the comparison start again when the list changes.',
        }),
        moveQueued: t.arg.boolean({
          required: true,
          defaultValue: false,
          description:
            'Moves the tasks that wait for a version without a share to versions with one, except the tasks that name their version. A repeated call moves the tasks that are left.',
        }),
      },
      resolve: (_root, { model, weights, shadow, moveQueued }, context) =>
        context.audit.act(context, {
          action: 'setRollout',
          target: model,
          asked: { weights, shadow, moveQueued },
          before: () => context.rollouts.present(model),
          run: () => context.rollouts.set(model, { weights, shadow }, moveQueued),
          told: ({ movedTasks, heldTasks, stoppedBy }) => ({
            after: { weights, shadow, movedTasks, heldTasks, stoppedBy },
          }),
        }),
    }),
  );
}
