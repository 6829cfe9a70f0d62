/** Task and everything on it; the query that finds one and the subscriptions that watch one. */

import { type Task, type TaskError, TaskState, type TaskTimings } from '../src/contract/task.ts';
import type { Model } from '../src/models/models.ts';
import { defineBatch } from './batch.ts';
import type { Builder } from './builder.ts';
import { defineErrorCode } from './errorCode.ts';
import { definePrediction } from './prediction.ts';

export type TaskRef = ReturnType<typeof defineTask>['taskRef'];

export function defineTask(builder: Builder, models: readonly Model[]) {
  const stateEnum = builder.enumType('TaskState', {
    description: 'Where a task is in its life. It ends in exactly one final state and stays there.',
    values: {
      [TaskState.Queued]: { description: 'Accepted and stored; no worker has started it yet.' },
      [TaskState.Running]: {
        description: 'A worker has it in a batch that is being run; of a batch of rows, some are.',
      },
      [TaskState.Succeeded]: {
        description: 'Final: `prediction` is there; of a batch, every row has been run, see `batch`.',
      },
      [TaskState.Failed]: { description: 'Final: `error` says why.' },
      [TaskState.Canceled]: { description: 'Final: withdrawn by `cancelTask`.' },
      [TaskState.Expired]: { description: 'Final: its time limit passed before a worker finished it.' },
    } as const,
  });

  const errorCodeRef = defineErrorCode(builder);
  const timingsRef = builder.objectRef<TaskTimings>('TaskTimings').implement({
    description: 'Where the time of a task went.',
    fields: (t) => ({
      queueMs: t.exposeFloat('queueMs', {
        description: 'From submission until its batch was formed, in milliseconds.',
      }),
      batchMs: t.exposeFloat('batchMs', {
        description:
          'From its batch being formed until the run, in milliseconds: waiting for a free slot of the worker, and for its version to be loaded where it is not.',
      }),
      computeMs: t.exposeFloat('computeMs', { description: 'The run of the whole batch, in milliseconds.' }),
      batchSize: t.exposeInt('batchSize', {
        description:
          'Tasks that this run answered; where the model says `coalesce`, those that asked the same had one row of it.',
      }),
    }),
  });

  const errorRef = builder.objectRef<TaskError>('TaskError').implement({
    description: 'Why a task ended without a prediction.',
    fields: (t) => ({
      code: t.expose('code', { type: errorCodeRef, description: 'For programs.' }),
      message: t.exposeString('message', { description: 'For people: what was expected and what came.' }),
    }),
  });

  const batchRef = defineBatch(builder, models, errorCodeRef);
  const predictionRef = definePrediction(builder, models);
  const taskRef = builder.objectRef<Task>('Task').implement({
    description:
      'One prediction on its way: returned at once by a mutation, delivered finished by `taskResult`.',
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'Names the task for `task`, `taskResult` and `taskUpdates`. Opaque.',
      }),
      model: t.exposeString('model', { description: 'Name of the model.' }),
      modelVersion: t.exposeString('modelVersion', { description: 'Version of the model that answers.' }),
      state: t.expose('state', { type: stateEnum, description: 'Where the task is in its life.' }),
      submittedAt: t.expose('submittedAt', { type: 'DateTime', description: 'When it was accepted.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When the run it is in, or was in at last, started.',
      }),
      finishedAt: t.expose('finishedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it reached its final state.',
      }),
      attempts: t.exposeInt('attempts', {
        description: 'How often a worker has taken it up; more than 1 after a worker died with it in hand.',
      }),
      timings: t.expose('timings', {
        type: timingsRef,
        nullable: true,
        description: 'Where its time went, once it ran.',
      }),
      prediction: t.field({
        type: predictionRef,
        nullable: true,
        description:
          'What the model predicts, once the task has succeeded. A batch has `batch` instead. Error of its fields: `RESULT_UNREADABLE`.',
        resolve: ({ model, prediction }) => prediction && { model, values: prediction },
      }),
      batch: t.field({
        type: batchRef,
        nullable: true,
        description: 'Its rows, if it is a batch.',
        resolve: (task) => task.batch && { ...task.batch, task },
      }),
      history: t.idList({
        description:
          'Ids of the tasks that died with this job before it was redriven, oldest first, the last 100; empty for a task that was submitted.',
        resolve: ({ history }) => [...(history ?? [])],
      }),
      error: t.expose('error', { type: errorRef, nullable: true, description: 'Why it failed or expired.' }),
    }),
  });

  const idArgument = 'As a mutation returned it.';
  builder.queryField('task', (t) =>
    t.field({
      type: taskRef,
      nullable: true,
      description:
        'The present state of a task. Errors: `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`, `NEWER_GATEWAY_NEEDED`. To wait for the end, subscribe to `taskResult`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, { tasks, owner }) => tasks.find(id, owner),
    }),
  );
  builder.mutationField('cancelTask', (t) =>
    t.field({
      type: taskRef,
      description:
        'Withdraws a task that has not ended: `CANCELED`, also if it runs already, in which case what the run gives is refused. A task that has ended is returned as it is. Errors as `task`, and `RESULT_STORE_FULL`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, { tasks, owner }) => tasks.cancel(id, owner),
    }),
  );
  builder.subscriptionField('taskResult', (t) =>
    t.field({
      type: taskRef,
      description:
        'Exactly one event: the task in its final state, the moment it exists or at once if it does already. Then it completes. Errors as `task`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      subscribe: (_root, { id }, { tasks, owner }) => tasks.result(id, owner),
      resolve: (task) => task,
    }),
  );
  builder.subscriptionField('taskUpdates', (t) =>
    t.field({
      type: taskRef,
      description:
        'The present state at once, then each change; completes after the final state. Errors as `task`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      subscribe: (_root, { id }, { tasks, owner }) => tasks.updates(id, owner),
      resolve: (task) => task,
    }),
  );
  return { taskRef, errorCodeRef };
}
