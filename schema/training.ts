/** The mutation that trains a model, the query that lists trainings, and the subscription to their logs. */
import { badValue, quoted } from '../src/contract/errors.ts';
import { MAX_LABELS } from '../src/contract/task.ts';
import { DataUse, WORK_TIMEOUT_MS } from '../src/contract/work.ts';
import { type Model, modelNamed } from '../src/models/models.ts';
import type { ManifestTraining, TrainingParam } from '../src/models/training.ts';
import type { TaskPage } from '../src/tasks/taskList.ts';
import { MAX_REQUEST_ID_LENGTH, MAX_WAIT_MS } from '../src/tasks/taskOptions.ts';
import { MAX_LAST_DATASETS } from '../src/workflow/trainingAsk.ts';
import { MAX_TRAININGS_PAGE } from '../src/workflow/trainingList.ts';
import type { GivenParams } from '../src/workflow/trainingParams.ts';
import { fieldOfModel } from './actuals.ts';
import type { Builder } from './builder.ts';
import type { TaskRef } from './task.ts';
import type { TaskConnectionRef } from './taskList.ts';
import type { LogPageRef } from './work.ts';

const OPERATORS_ONLY = 'For operators (`FORBIDDEN`).';
const DEFAULT_PAGE = 20;
/** The points of complexity of a page: it reads each training. */
const PAGE_POINTS = 100;

interface Refs {
  readonly taskRef: TaskRef;
  readonly connectionRef: TaskConnectionRef;
  readonly logPageRef: LogPageRef;
}

export type WorkOptionsRef = ReturnType<typeof defineTraining>;

/** @returns the type of the options of work. */
export function defineTraining(
  builder: Builder,
  models: readonly Model[],
  { taskRef, connectionRef, logPageRef }: Refs,
) {
  const optionsRef = builder.inputType('WorkOptions', {
    description: 'The options of a task that trains a model or checks a dataset.',
    fields: (t) => ({
      requestId: t.string({
        description: `Makes a retry safe: the same requestId returns the first task instead of a second one, for eight days. 1 to ${MAX_REQUEST_ID_LENGTH} characters. Another question with the same requestId is refused with \`REQUEST_ID_CONFLICT\`.`,
      }),
      timeoutMs: t.int({
        description: `The time from submission until an unfinished task expires, in milliseconds: ${WORK_TIMEOUT_MS.least} (a minute) to ${WORK_TIMEOUT_MS.most} (7 days). Default: that of the model's manifest; an hour for the check of a dataset.`,
      }),
      waitMs: t.int({
        description: `How long the mutation waits for the end of the task, in milliseconds. If the time is over first, the task is returned as it is then. 0 to ${MAX_WAIT_MS}. Default: 0.`,
      }),
      labels: t.stringList({ description: `Texts that the task keeps. ${MAX_LABELS} at most.` }),
    }),
  });
  defineTrainModel(builder, models, { taskRef, optionsRef });

  builder.queryField('trainings', (t) =>
    t.field({
      type: connectionRef,
      extensions: { points: PAGE_POINTS },
      description: `All trainings, newest first: those that have not ended, and the others for a year, the last 20,000. A page may have fewer than asked for, although another follows. ${PAGE_POINTS} points of complexity. Errors: \`BAD_USER_INPUT\`, \`GATEWAY_BUSY\`, \`BROKER_UNAVAILABLE\`. For viewers and operators (\`FORBIDDEN\`).`,
      args: {
        model: t.arg.string({ description: 'Of the model with this name. Default: of all.' }),
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: `The most trainings of the page: 1 to ${MAX_TRAININGS_PAGE}.`,
        }),
        after: t.arg.string({ description: 'The page begins after the training with this cursor.' }),
      },
      resolve: async (_root, { model, first, after }, context): Promise<TaskPage> => {
        await context.audit.admit(context, { action: 'trainings', viewersMay: true });
        if (model != null) modelNamed(models, model);
        return context.work.trainings.page({ client: context, model, first, after });
      },
    }),
  );
  builder.subscriptionField('trainingLog', (t) =>
    t.field({
      type: logPageRef,
      description:
        'Delivers the lines that a training has written, then each new one within about a second, on any gateway. It completes after the last line once the task has ended. Errors: as for `task`, `GATEWAY_BUSY` and `OWNER_QUOTA`.',
      args: {
        id: t.arg.id({ required: true, description: 'Id of the task.' }),
        after: t.arg.string({
          description: 'The lines begin after this cursor. Default: with the first that is kept.',
        }),
      },
      subscribe: (_root, { id, after }, context) => context.work.logs.watch(id, context, after),
      resolve: (page) => page,
    }),
  );
  return optionsRef;
}

interface RefsOfTrainModel {
  readonly taskRef: TaskRef;
  readonly optionsRef: WorkOptionsRef;
}

function defineTrainModel(
  builder: Builder,
  models: readonly Model[],
  { taskRef, optionsRef }: RefsOfTrainModel,
): void {
  const purposeRef = builder.enumType('DatasetPurpose', {
    description: 'What a training uses a dataset for.',
    values: {
      [DataUse.Train]: { description: 'The recipe trains on it.' },
      [DataUse.Validate]: {
        description: 'The recipe looks at it while it trains, to know when to stop, for example.',
      },
      [DataUse.Holdout]: {
        description: 'Only the gate sees it: the new version and the live one are judged by it.',
      },
    } as const,
  });
  const useRef = builder.inputType('DatasetUse', {
    description:
      'A dataset, and its use. Without `digest` and `last`, it is the newest usable version of the name.',
    fields: (t) => ({
      name: t.string({ required: true, description: 'Name of the dataset, as `addDataset` got it.' }),
      digest: t.id({ description: 'One version of it.' }),
      last: t.int({
        description: `So many of its newest usable versions, at this moment: 1 to ${MAX_LAST_DATASETS}.`,
      }),
      use: t.field({ type: purposeRef, required: true, description: 'What it is for.' }),
    }),
  });
  const splitByRef = builder.enumType('SplitBy', {
    description: 'Which rows are held out.',
    values: {
      HASH: { description: 'By a digest of the row: the same rows, whenever they come.' },
      TIME: { description: 'The latest rows.' },
    } as const,
  });
  const splitRef = builder.inputType('SplitInput', {
    description: 'Cuts one dataset: a part of its rows is held out for the judgement.',
    fields: (t) => ({
      holdoutPercent: t.float({
        required: true,
        description: 'The part that is held out: above 0, below 100.',
      }),
      by: t.field({ type: splitByRef, required: true, description: 'Which rows are held out.' }),
    }),
  });
  const params = defineParams(builder, models);
  const inputRef = builder.inputType('TrainModelInput', {
    description: 'What is trained, and on which data.',
    fields: (t) => ({
      model: t.string({
        required: true,
        description: 'Name of a model that can be trained, see `Model.training`.',
      }),
      datasets: t.field({
        type: [useRef],
        required: true,
        description:
          'The datasets. One of them at least is for `TRAIN`, and one for `HOLDOUT`, unless `split` cuts the only one.',
      }),
      split: t.field({ type: splitRef, description: 'Cuts the only dataset that is given.' }),
      recipe: t.string({
        description:
          "A file of the model's folder. Default: that of the manifest. A model that is trained by a command takes none.",
      }),
      seed: t.int({ description: 'For what the recipe chooses at random. Default: 0.' }),
      ...(params && {
        params: t.field({
          type: params.ref,
          description:
            'The parameters of the recipe, under the name of the model. Default: those of the manifest.',
        }),
      }),
    }),
  });

  builder.mutationField('trainModel', (t) =>
    t.field({
      type: taskRef,
      description: `Trains a new version of a model. Returns the task at once, still queued; \`taskUpdates\` shows its stages and its progress, \`trainingLog\` what the recipe writes. A version that passes the gate gets a number, and answers only if a rollout or a client names it. Errors: \`BAD_USER_INPUT\`, \`QUEUE_FULL\`, \`OWNER_QUOTA\`, \`REQUEST_ID_CONFLICT\`, \`BROKER_UNAVAILABLE\`, \`RESULT_STORE_FULL\`. ${OPERATORS_ONLY}`,
      args: {
        input: t.arg({ type: inputRef, required: true, description: 'What is trained, and on which data.' }),
        options: t.arg({ type: optionsRef, description: 'The options of the task.' }),
      },
      resolve: (_root, { input, options: given }, context) =>
        context.audit.act(context, {
          action: 'trainModel',
          target: input.model,
          asked: { input, options: given },
          run: () => {
            const model = modelNamed(models, input.model);
            const { owner, limitedKey, trace, gone, work } = context;
            const request = { ...input, params: params?.of(model, input) };
            const options = given ?? {};
            return work.submissions.trainModel({ model, request, options, owner, limitedKey, trace, gone });
          },
          told: (task) => ({ after: { task: task.id } }),
        }),
    }),
  );
}

/** The input types of parameters, one for each model that has some. A schema has no types that cannot be used. */
function defineParams(builder: Builder, models: readonly Model[]) {
  const trained = models.flatMap(({ manifest: { name, training } }) =>
    training === undefined || training.params.length === 0 ? [] : [{ name, training }],
  );
  if (trained.length === 0) return undefined;
  const types = trained.map(({ name, training }) => [name, defineParamsOf(builder, name, training)] as const);
  const ref = builder.inputType('TrainingParams', {
    isOneOf: true,
    description: 'Parameters of a recipe, under the name of the model.',
    fields: (t) =>
      Object.fromEntries(
        types.map(([name, type]) => [
          fieldOfModel(name),
          t.field({ type, description: `Parameters of the recipe of the model ${name}.` }),
        ]),
      ),
  });
  /** Those of the model. @throws {RequestError} `BAD_USER_INPUT` for those of another model. */
  const of = (
    { manifest }: Model,
    { params }: { params?: object | null | undefined },
  ): GivenParams | undefined => {
    const [field, given] = Object.entries(params ?? {})[0] ?? [];
    if (field === undefined) return undefined;
    if (field === fieldOfModel(manifest.name)) return given;
    throw badValue('params', `those of the model ${manifest.name}`, quoted(field));
  };
  return { ref, of };
}

function defineParamsOf(builder: Builder, model: string, { params }: ManifestTraining) {
  const field = fieldOfModel(model);
  const typeName = `${field.charAt(0).toUpperCase()}${field.slice(1)}Params`;
  return builder.inputRef<GivenParams>(typeName).implement({
    description: `Parameters of the recipe of the model ${model}.`,
    fields: (t) =>
      Object.fromEntries(
        params.map((param) => {
          const options = { description: describeParam(param) };
          if (param.type === 'boolean') return [param.name, t.boolean(options)];
          if (param.type === 'choice') return [param.name, t.string(options)];
          return [param.name, param.type === 'int32' ? t.int(options) : t.float(options)];
        }),
      ),
  });
}

function describeParam(param: TrainingParam): string {
  const facts = `Default: ${param.default}.`;
  if (param.type === 'boolean') return `${param.description} ${facts}`;
  if (param.type === 'choice') return `${param.description} One of ${param.values.join(', ')}. ${facts}`;
  return `${param.description} Unit: ${param.unit}; ${param.minimum} to ${param.maximum}. ${facts}`;
}
