/** The queues of models: what waits in them, and their pause. */
import { Lane } from '../src/contract/subjects.ts';
import { modelNamed } from '../src/models/models.ts';
import type { LaneOfQueue } from '../src/system/queues.ts';
import type { Builder } from './builder.ts';
import type { ModelRef } from './model.ts';

/** The points of complexity of what is asked of the broker for each model. */
const POINTS = 20;

export type QueueStatsRef = ReturnType<typeof defineQueueStats>;

export function defineQueueStats(builder: Builder, modelRef: ModelRef) {
  const laneEnum = builder.enumType('QueueLane', {
    description: 'A queue of a version.',
    values: {
      INTERACTIVE: { value: Lane.Interactive, description: 'For tasks that somebody waits for.' },
      BULK: { value: Lane.Bulk, description: 'For tasks that can wait.' },
      BATCH: { value: Lane.Batch, description: 'For the chunks of row batches.' },
    } as const,
  });
  const queueRef = builder.objectRef<LaneOfQueue>('QueueStats').implement({
    description:
      'A queue of a version, in all gateways. Tasks are counted, and chunks of row batches. The broker counts messages, which may carry several tasks, so the figures are about.',
    fields: (t) => ({
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      version: t.exposeString('version', { description: 'The version.' }),
      lane: t.expose('lane', { type: laneEnum, description: 'Which of its queues.' }),
      waiting: t.exposeInt('waiting', { description: 'How many wait for a worker.' }),
      inHand: t.exposeInt('inHand', { description: 'How many workers have taken and not ended.' }),
      endedPerSecond: t.exposeFloat('endedPerSecond', {
        nullable: true,
        description:
          'How many leave the queue in a second, whether others wait or not, over the last 15 to 30 seconds. Null until it was measured.',
      }),
      backlogSeconds: t.exposeFloat('backlogSeconds', {
        nullable: true,
        description:
          'In how many seconds those that wait will have been taken, at the rate at which they left when some waited last: 300 at most, the longest time limit, and 300 while no worker serves the version, or if some have waited for 30 seconds and none has left. 0 if none waits. Null while the model is paused, and until that rate was measured for the first time.',
      }),
      isPaused: t.exposeBoolean('isPaused', { description: 'Whether an operator has paused it.' }),
    }),
  });

  builder.queryField('queues', (t) =>
    t.field({
      type: [queueRef],
      extensions: { points: POINTS },
      description: `The queues of the versions of a model, or of all models. Errors: \`BAD_USER_INPUT\`, \`BROKER_UNAVAILABLE\`. ${POINTS} points of complexity.`,
      args: { model: t.arg.string({ description: 'Name of the model. Without it, the queues of all.' }) },
      resolve: (_root, { model }, { queues }) => queues.list(model ?? undefined),
    }),
  );

  const modelArgument = 'Name of the model.';
  const pausing = { pauseModel: true, resumeModel: false } as const;
  const descriptions = {
    pauseModel:
      'Gives no worker a task of the model any more. Runs go on, tasks are accepted until the queue is full, and time limits go on. The pause outlives restarts, and holds for versions that come. Repeating it changes nothing.',
    resumeModel: 'Ends the pause of a model. Repeating it changes nothing.',
  } as const;
  for (const action of ['pauseModel', 'resumeModel'] as const)
    builder.mutationField(action, (t) =>
      t.field({
        type: modelRef,
        description: `${descriptions[action]} Errors: \`BAD_USER_INPUT\`, \`BROKER_UNAVAILABLE\`. For operators (\`FORBIDDEN\`).`,
        args: { model: t.arg.string({ required: true, description: modelArgument }) },
        resolve: (_root, { model }, context) =>
          context.audit.act(context, {
            action,
            target: model,
            asked: {},
            before: async () => ({
              isPaused: await context.pauses.isPaused(modelNamed(context.models, model)),
            }),
            run: () => context.pauses.set(model, pausing[action]),
            told: () => ({ after: { isPaused: pausing[action] } }),
          }),
      }),
    );
  return queueRef;
}
