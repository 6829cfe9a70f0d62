/** The GraphQL type of a task, the query that finds one, and the subscriptions that watch one. */

import { EVERY_OWNER } from '../src/contract/principal.ts';
import { isFinal, type Task, type TaskError, TaskState, type TaskTimings } from '../src/contract/task.ts';
import { WORK_KEPT_MS, WorkKind } from '../src/contract/work.ts';
import { looksLikeWork } from '../src/contract/workId.ts';
import { graphqlLiteral } from '../src/models/graphqlLiteral.ts';
import type { Model } from '../src/models/models.ts';
import { deadlineOf, priorityOf } from '../src/tasks/taskMapping.ts';
import { defineBatch } from './batch.ts';
import { type Builder, type Context, replacedBy } from './builder.ts';
import type { DatasetRef } from './datasets.ts';
import { defineErrorCode } from './errorCode.ts';
import type { ModelRef } from './model.ts';
import type { NodeRef } from './node.ts';
import { defineOutputs } from './outputs.ts';
import type { PageInfoRef } from './pageInfo.ts';
import { definePartial } from './partial.ts';
import { definePrediction } from './prediction.ts';
import { defineTaskLog, shownLog } from './taskLog.ts';
import type { PriorityRef } from './taskPriority.ts';
import type { TaskKindRef, TrainingRef } from './work.ts';

/** The points of complexity of the place of a task, which the broker is asked for. */
const PLACE_POINTS = 20;

export type TaskRef = ReturnType<typeof defineTask>['taskRef'];
export type TaskStateRef = ReturnType<typeof defineTask>['stateRef'];

interface RefsOfTask {
  readonly nodeRef: NodeRef;
  readonly modelRef: ModelRef;
  readonly pageInfoRef: PageInfoRef;
  readonly priorityRef: PriorityRef;
  readonly kindRef: TaskKindRef;
  readonly trainingRef: TrainingRef;
  readonly datasetRef: DatasetRef;
}

export function defineTask(
  builder: Builder,
  models: readonly Model[],
  { nodeRef, modelRef, pageInfoRef, priorityRef, kindRef, trainingRef, datasetRef }: RefsOfTask,
) {
  const stateRef = builder.enumType('TaskState', {
    description: 'The state of a task. A task reaches exactly one final state and stays in it.',
    values: {
      [TaskState.Queued]: { description: 'Accepted and stored; no worker has started it yet.' },
      [TaskState.Running]: {
        description: 'A worker runs it. For a row batch: workers have begun to run its rows.',
      },
      [TaskState.Succeeded]: {
        description:
          'Final: `prediction` has the result. For a row batch: every row has been run, see `batch`.',
      },
      [TaskState.Failed]: { description: 'Final: `error` says why.' },
      [TaskState.Canceled]: { description: 'Final: cancelled by `cancelTask`.' },
      [TaskState.Expired]: { description: 'Final: its time limit passed before a worker finished it.' },
    } as const,
  });

  const errorCodeRef = defineErrorCode(builder);
  const timingsRef = builder.objectRef<TaskTimings>('TaskTimings').implement({
    description: 'How long the steps of a task took.',
    fields: (t) => ({
      queueMs: t.exposeFloat('queueMs', {
        description: 'From submission until its batch was formed, in milliseconds.',
      }),
      batchMs: t.exposeFloat('batchMs', {
        description:
          'From the forming of its batch until the run, in milliseconds: the wait for a free slot of the worker, and for the loading of the version if it is not loaded.',
      }),
      computeMs: t.exposeFloat('computeMs', { description: 'The run of the whole batch, in milliseconds.' }),
      batchSize: t.exposeInt('batchSize', {
        description:
          'Number of tasks that this run answered. If the model has `coalesce`, tasks with the same input shared one row.',
      }),
    }),
  });

  const errorRef = builder.objectRef<TaskError>('TaskError').implement({
    description: 'Why a task ended without a prediction.',
    fields: (t) => ({
      code: t.expose('code', { type: errorCodeRef, description: 'The reason, for programs.' }),
      message: t.exposeString('message', {
        description: 'The reason, for people: what was expected and what came.',
      }),
    }),
  });

  const inputRef = builder.objectRef<{ name: string; value: string }>('TaskInputValue').implement({
    description: 'A value of the input of a task.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Name of the input, as in `models`.' }),
      value: t.exposeString('value', {
        description: 'The value, defaults filled in, as it would be written in an operation.',
      }),
    }),
  });

  const outputs = defineOutputs(builder, models);
  const batchRef = defineBatch(builder, models, { errorCodeRef, pageInfoRef, outputs });
  const predictionRef = definePrediction(builder, models, outputs);
  const partialRef = definePartial(builder, models, outputs);
  const logEntryRef = defineTaskLog(builder);
  const taskRef = builder.objectRef<Task>('Task').implement({
    description:
      'A request for one prediction, for those of a row batch, for a training or for the check of a dataset. A mutation returns it at once; `taskResult` delivers it once it has ended.',
    interfaces: [nodeRef],
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'Id of the task, for `task`, `cancelTask`, `taskResult` and `taskUpdates`. Opaque.',
      }),
      kind: t.field({
        type: kindRef,
        description: 'What it is to bring.',
        resolve: ({ work }) => work?.kind ?? 'PREDICTION',
      }),
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      servedModel: t.field({
        type: modelRef,
        description: 'The model. A gateway finds only tasks of models that it serves.',
        resolve: ({ model }, _args, { models: served }) => {
          const found = served.find(({ manifest }) => manifest.name === model);
          if (found === undefined) throw new Error(`a task was found whose model ${model} is not served`);
          return found;
        },
      }),
      model: t.exposeString('model', {
        deprecationReason: replacedBy('modelName', 'servedModel'),
        description: 'Name of the model.',
      }),
      modelVersion: t.exposeString('modelVersion', {
        description: 'Version of the model that answers, or that came of a training; empty if none has yet.',
      }),
      state: t.expose('state', { type: stateRef, description: 'State of the task.' }),
      submittedAt: t.expose('submittedAt', { type: 'DateTime', description: 'When it was accepted.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When its present or last run started.',
      }),
      finishedAt: t.expose('finishedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When it reached its final state.',
      }),
      attempts: t.exposeInt('attempts', {
        description:
          'How often a worker has taken it from the queue; more than 1 if a worker died before it had finished the task.',
      }),
      timings: t.expose('timings', {
        type: timingsRef,
        nullable: true,
        description: 'How long its steps took; null until it has run.',
      }),
      worker: t.string({
        nullable: true,
        description:
          'Id of the worker whose run ended it; null if no run did, for a row batch, and for a training or a check.',
        resolve: ({ worker }) => worker,
      }),
      prediction: t.field({
        type: predictionRef,
        nullable: true,
        description:
          'The prediction of the model, once the task has succeeded. A row batch has `batch` instead. Error of its fields: `RESULT_UNREADABLE`.',
        resolve: (task) => task.prediction && { task, values: task.prediction },
      }),
      ...(partialRef && {
        partial: t.field({
          type: partialRef,
          nullable: true,
          description:
            'What its run has given before it is over, for subscribers of `taskUpdates`; null if there is nothing, and once the task has ended.',
          resolve: (task, _args, { tasks }) => {
            const partial = isFinal(task) ? undefined : tasks.partial(task);
            return partial && { ...partial, task };
          },
        }),
      }),
      batch: t.field({
        type: batchRef,
        nullable: true,
        description: 'The progress and the results of its rows, if it is a row batch.',
        resolve: (task) => task.batch && { ...task.batch, task },
      }),
      training: t.field({
        type: trainingRef,
        nullable: true,
        description: 'Its stages and what came of it, if it is a training.',
        resolve: ({ id, work }) => (work?.kind === WorkKind.Training ? { ...work, id } : null),
      }),
      dataset: t.field({
        type: datasetRef,
        nullable: true,
        description: 'The report, if it is the check of a dataset that has succeeded.',
        resolve: async ({ work }, _args, { datasets }) =>
          work?.dataset && datasets.find(work.dataset.name, work.dataset.digest),
      }),
      history: t.idList({
        description:
          'Ids of the tasks that had ended with this job before it was redriven or retried, oldest first, the last 100. Empty for a task that a client submitted.',
        resolve: ({ history }) => [...(history ?? [])],
      }),
      position: t.int({
        nullable: true,
        extensions: { points: PLACE_POINTS },
        description: `How many jobs wait before it in its queue, about: those that no worker has. Null unless it is \`QUEUED\`, for a training or a check, and if more than 20,000 messages wait. Error: \`BROKER_UNAVAILABLE\`. ${PLACE_POINTS} points of complexity.`,
        resolve: (task, _args, { places }) => places.position(task),
      }),
      estimatedStartAt: t.field({
        type: 'DateTime',
        nullable: true,
        extensions: { points: PLACE_POINTS },
        description: `When it will start, about, at the rate at which tasks left its queue when some waited last. Null where \`position\` is, while its model is paused or no worker serves its version, and until that rate was measured for the first time. Error: \`BROKER_UNAVAILABLE\`. ${PLACE_POINTS} points of complexity.`,
        resolve: (task, _args, { places }) => places.estimatedStart(task),
      }),
      log: t.field({
        type: [logEntryRef],
        nullable: true,
        description:
          'What happened to it, in the order of time, for its owner and operators: at most 53 entries. Null unless `TASK_HISTORY` of gateways and workers is `true`, and for a training, whose stages tell it. Of a row batch its acceptance, its start and its end.',
        resolve: (task, _args, context) => shownLog(task, context),
      }),
      traceId: t.string({
        nullable: true,
        description:
          'Id of the trace that it is recorded in, 32 hex digits; null if it is not recorded, or this gateway records none.',
        resolve: traceIdOf,
      }),
      traceUrl: t.string({
        nullable: true,
        description: 'Where its trace can be looked at; null if `traceId` is, and unless `TRACE_URL` is set.',
        resolve: (task, args, context) => {
          const traceId = traceIdOf(task, args, context);
          return traceId && context.traceUrl?.replaceAll('{traceId}', traceId);
        },
      }),
      input: t.field({
        type: [inputRef],
        nullable: true,
        description:
          'Its input, in the order of the manifest. Null for a row batch, and for an input of more than about a kilobyte.',
        resolve: ({ model, input }) => {
          if (input === undefined) return null;
          const { inputs } = models.find(({ manifest }) => manifest.name === model)?.manifest ?? {
            inputs: [],
          };
          return inputs.flatMap((field) => {
            const value = input[field.name];
            return value === undefined ? [] : [{ name: field.name, value: graphqlLiteral(field, value) }];
          });
        },
      }),
      priority: t.field({
        type: priorityRef,
        description:
          'How urgent it is. `BULK` of a row batch, and of a task beyond the fair share of its owner.',
        resolve: priorityOf,
      }),
      labels: t.stringList({
        description: 'Its labels, as they were given.',
        resolve: ({ labels }) => [...(labels ?? [])],
      }),
      requestId: t.string({
        nullable: true,
        description: 'Its `requestId`, if it was submitted with one.',
        resolve: ({ requestId }) => requestId,
      }),
      deadline: t.field({
        type: 'DateTime',
        description: 'When it expires if it has not ended.',
        resolve: deadlineOf,
      }),
      expiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Until when its result is kept at least; null until it has ended.',
        resolve: ({ finishedAt, work }, _args, { resultTtlMs }) =>
          finishedAt === undefined ? null : finishedAt + (work === undefined ? resultTtlMs : WORK_KEPT_MS),
      }),
      owner: t.string({
        nullable: true,
        description: 'Whose it is, for those who may read the tasks of all owners; null for others.',
        resolve: ({ owner }, _args, { readable }) => (readable === EVERY_OWNER ? owner : null),
      }),
      error: t.expose('error', { type: errorRef, nullable: true, description: 'Why it failed or expired.' }),
    }),
  });

  const idArgument = 'Id of the task, as a mutation returned it.';
  builder.queryField('task', (t) =>
    t.field({
      type: taskRef,
      nullable: true,
      description:
        'The present state of a task. Errors: `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`, `NEWER_GATEWAY_NEEDED`. Null only beside an error: a query for several tasks still answers for the others. To wait for the end, subscribe to `taskResult`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, { tasks, readable }) => tasks.find(id, readable),
    }),
  );
  builder.mutationField('cancelTask', (t) =>
    t.field({
      type: taskRef,
      description:
        'Cancels a task that has not ended, also if it runs already: its state is then `CANCELED`, and the prediction of its run is dropped. A training ends within about a second; only operators may cancel one. A task that has ended is returned as it is. Errors: as for `task`, and `RESULT_STORE_FULL`; of a training `FORBIDDEN`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, context) => {
        const { audit, tasks, readable } = context;
        const run = () => tasks.cancel(id, readable);
        if (!looksLikeWork(id)) return run();
        const told = ({ state }: Task) => ({ after: { state } });
        return audit.act(context, { action: 'cancelTask', target: id, asked: { id }, run, told });
      },
    }),
  );
  builder.mutationField('retryTask', (t) =>
    t.field({
      type: taskRef,
      description:
        'Submits a task again that is `FAILED`, `EXPIRED` or `CANCELED`, as a new task of the same owner, with the same input, time limit, priority and labels; its `history` names the old one. A prediction runs on the same version as before. If that version is not available any more, the rollout decides. A dead letter of the old task is removed. A training runs again with the same versions of its datasets; only operators may retry one. A repeated call returns the same task, of a training for eight days. Row batches and checks of datasets cannot be retried. Errors: as for `task`, `CANNOT_RETRY`, and those of the mutation that made it; of a training `FORBIDDEN`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      resolve: (_root, { id }, context) => {
        const { audit, retries, trace, work } = context;
        if (!looksLikeWork(id)) return retries.retry(id, context, trace);
        const run = () => work.retries.retry(id, context, trace);
        const told = (task: Task) => ({ after: { task: task.id } });
        return audit.act(context, { action: 'retryTask', target: id, asked: { id }, run, told });
      },
    }),
  );
  builder.subscriptionField('taskResult', (t) =>
    t.field({
      type: taskRef,
      description:
        'Delivers exactly one event, the task in its final state: as soon as the task ends, or at once if it has ended already. Then it completes. Errors: as for `task`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      subscribe: (_root, { id }, context) => context.tasks.result(id, context),
      resolve: (task) => task,
    }),
  );
  builder.subscriptionField('taskUpdates', (t) =>
    t.field({
      type: taskRef,
      description:
        'Delivers the present state at once, then changes; `RUNNING` of a short run may be left out. It completes after the final state. Errors: as for `task`.',
      args: { id: t.arg.id({ required: true, description: idArgument }) },
      subscribe: (_root, { id }, context) => context.tasks.updates(id, context),
      resolve: (task) => task,
    }),
  );
  return { taskRef, stateRef, errorCodeRef };
}

function traceIdOf({ trace }: Task, _args: object, { recordedTraceId }: Context): string | undefined {
  return trace === undefined ? undefined : recordedTraceId(trace);
}
