/** Which version of a model gets which share of its tasks, for operators. */
import { MAX_PERCENT_DECIMALS, type RolloutChange } from '../src/rollout/rolloutService.ts';
import type { Builder } from './builder.ts';
import type { ModelRef } from './system.ts';

export function defineRollout(builder: Builder, modelRef: ModelRef): void {
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
    description: 'What a change of a rollout has done.',
    fields: (t) => ({
      model: t.expose('model', { type: modelRef, description: 'The model, with its new weights.' }),
      movedTasks: t.exposeInt('movedTasks', {
        description:
          'Queued tasks that were moved before any worker had them: only another version answers them. 0 unless `moveQueued`.',
      }),
      heldTasks: t.exposeInt('heldTasks', {
        description:
          'Tasks that workers of a version without a share may have had in hand already: given to another version too, and answered by whichever is first. 0 unless `moveQueued`.',
      }),
      stoppedBy: t.exposeString('stoppedBy', {
        nullable: true,
        description:
          'The code of the refusal, `QUEUE_FULL`, that left the other queued tasks in their place: set it again. Null if all were seen.',
      }),
    }),
  });

  builder.mutationField('setRollout', (t) =>
    t.field({
      type: changeRef,
      description:
        'Sets which version of a model gets which share of its tasks, on every gateway within a second. An affinity key stays with its version unless the weights take that one away. Errors: `BAD_USER_INPUT`, also where a version that no live worker serves is given a share or tried (one that it has already it keeps), `ROLLOUT_CONFLICT`, `BROKER_UNAVAILABLE`. For operators (`FORBIDDEN`).',
      args: {
        model: t.arg.string({ required: true, description: 'Name of the model.' }),
        weights: t.arg({
          type: [weightInput],
          required: true,
          description:
            'They sum to 100; a version that is not named gets nothing. None at all ends the rollout: the newest version that is served answers.',
        }),
        shadow: t.arg({
          type: [weightInput],
          required: true,
          defaultValue: [],
          description:
            'Versions that tasks are also tried on, each with the chance of a task: users never see what comes of it, `rolloutComparison` tells. One that answers all tasks anyway cannot be tried. Left out, nothing is tried any more. The figures begin anew when it changes.',
        }),
        moveQueued: t.arg.boolean({
          required: true,
          defaultValue: false,
          description:
            'Moves the tasks that wait for a version without a share to those that have one, except those that pin it. Doing it again moves what is left.',
        }),
      },
      resolve: async (_root, { model, weights, shadow, moveQueued }, { rollouts, requireOperator }) => {
        await requireOperator();
        return rollouts.set(model, { weights, shadow }, moveQueued);
      },
    }),
  );
}
