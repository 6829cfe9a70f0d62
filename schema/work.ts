/** What tasks that are work have beside others: the GraphQL types of a training and of its parts. */

import {
  type NamedNumber,
  type Progress,
  type Stage,
  StageName,
  StageState,
  type TrainingAsk,
  type Work,
} from '../src/contract/work.ts';
import { STAGE_OF } from '../src/contract/workTask.ts';
import { type LogPage, MAX_LOG_LINES, type TrainingLine } from '../src/workflow/trainingLogs.ts';
import type { Builder } from './builder.ts';
import type { CheckRef } from './check.ts';
import { namedParams, type UsedDataRefs } from './usedData.ts';

export type TrainingRef = ReturnType<typeof defineWork>['trainingRef'];
export type LogPageRef = ReturnType<typeof defineWork>['logPageRef'];
export type TaskKindRef = ReturnType<typeof defineWork>['kindRef'];

/** A training with the id of its task. */
export interface TrainingOfTask extends Work {
  readonly id: string;
}

const DEFAULT_LINES = 200;
/** The points of complexity of a page of a log: it may read a thousand messages. */
const LOG_POINTS = 100;

export function defineWork(
  builder: Builder,
  checkRef: CheckRef,
  { usedDatasetRef, usedParamRef }: UsedDataRefs,
) {
  const kindRef = builder.enumType('TaskKind', {
    description: 'What a task is to bring.',
    values: {
      PREDICTION: { description: 'A prediction, or those of a row batch.' },
      DATASET: { description: 'The check of a dataset.' },
      TRAINING: { description: 'A new version of a model.' },
    } as const,
  });

  const stageNameRef = builder.enumType('StageName', {
    description: 'A part of a task that takes long. A training has all but `CHECK`, in this order.',
    values: {
      [StageName.Check]: {
        description: 'The files of a dataset are read and checked. It is the only one of a dataset.',
      },
      [StageName.Prepare]: {
        description: 'The rows are cut into those for training and those for judgement.',
      },
      [StageName.Train]: { description: 'The recipe trains.' },
      [StageName.Evaluate]: { description: 'The new version is judged, beside the one that answers now.' },
      [StageName.Register]: { description: 'The new version gets its number.' },
    } as const,
  });
  const stageStateRef = builder.enumType('StageState', {
    description: 'How far a stage is.',
    values: {
      [StageState.Waiting]: { description: 'It has not begun.' },
      [StageState.Running]: { description: 'A trainer works on it.' },
      [StageState.Succeeded]: { description: 'It is done. It is not repeated.' },
      [StageState.Failed]: { description: 'The task ended in it.' },
      [StageState.Skipped]: { description: 'The task ended before it.' },
    } as const,
  });
  const stageRef = builder.objectRef<Stage>('Stage').implement({
    description: 'A stage of a training.',
    fields: (t) => ({
      name: t.expose('name', { type: stageNameRef, description: 'Which stage.' }),
      state: t.expose('state', { type: stageStateRef, description: 'How far it is.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When its present or last try began.',
      }),
      finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
      worker: t.exposeString('worker', {
        nullable: true,
        description: 'Id of the trainer that has or had it.',
      }),
      note: t.exposeString('note', { nullable: true, description: 'What the trainer remarked.' }),
    }),
  });

  const numberRef = builder.objectRef<NamedNumber>('NamedNumber').implement({
    description: 'A figure that a recipe tells while it trains.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name, such as rmse.' }),
      value: t.exposeFloat('value', { description: 'The figure.' }),
    }),
  });
  const progressRef = builder.objectRef<Progress>('Progress').implement({
    description: 'How far the present stage is.',
    fields: (t) => ({
      done: t.exposeFloat('done', { description: 'So many units are done.' }),
      of: t.exposeFloat('of', { nullable: true, description: 'Of so many; null if that is unknown.' }),
      unit: t.exposeString('unit', { description: 'What is counted, such as trees or epochs.' }),
      metrics: t.field({
        type: [numberRef],
        description: 'Figures of the recipe. They gate nothing.',
        resolve: ({ metrics }) => [...(metrics ?? [])],
      }),
      secondsLeft: t.exposeFloat('secondsLeft', {
        nullable: true,
        description: 'When it will be done, in seconds from `at`, if it goes on as until now.',
      }),
      at: t.expose('at', { type: 'DateTime', description: 'When this was told.' }),
    }),
  });

  const lineRef = builder.objectRef<TrainingLine>('LogLine').implement({
    description: 'A line that a recipe, or the trainer, has written.',
    fields: (t) => ({
      at: t.expose('at', { type: 'DateTime', description: 'When it was written.' }),
      stage: t.field({
        type: stageNameRef,
        description: 'In which stage.',
        resolve: ({ step }) => STAGE_OF[step],
      }),
      text: t.exposeString('text', { description: 'The line.' }),
    }),
  });
  const logPageRef = builder.objectRef<LogPage>('LogPage').implement({
    description: 'Lines of a log.',
    fields: (t) => ({
      lines: t.field({ type: [lineRef], description: 'Oldest first.', resolve: ({ lines }) => [...lines] }),
      endCursor: t.exposeString('endCursor', {
        nullable: true,
        description: 'Where the next lines begin, for `after`; null if there are none yet.',
      }),
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more lines are there already.' }),
    }),
  });

  const settingsRef = builder.objectRef<TrainingAsk>('TrainingSettings').implement({
    description:
      'What a training was asked for. With the same settings, a training of the same files gives the same.',
    fields: (t) => ({
      datasets: t.field({
        type: [usedDatasetRef],
        description: 'The datasets.',
        resolve: ({ datasets }) => [...datasets],
      }),
      holdoutPercent: t.float({
        nullable: true,
        description: 'The part of the only dataset that is held out for the judgement; null without a split.',
        resolve: ({ split }) => split?.holdoutPercent,
      }),
      splitBy: t.string({
        nullable: true,
        description: 'Which rows are held out, as in `SplitBy`; null without a split.',
        resolve: ({ split }) => split?.by,
      }),
      recipe: t.exposeString('recipe', { description: 'File of the recipe.' }),
      params: t.field({
        type: [usedParamRef],
        description: 'All parameters, also those that were left to their defaults.',
        resolve: ({ params }) => namedParams(params),
      }),
      seed: t.exposeFloat('seed', { description: 'The seed of its random numbers.' }),
      class: t.exposeString('class', { description: 'Trainers with this class take its steps.' }),
    }),
  });

  const trainingRef = builder.objectRef<TrainingOfTask>('Training').implement({
    description: 'The training of a new version of a model.',
    fields: (t) => ({
      settings: t.expose('training', {
        type: settingsRef,
        nullable: true,
        description: 'What it was asked for; null if that is not known.',
      }),
      stages: t.field({
        type: [stageRef],
        description: 'Its stages, in their order.',
        resolve: ({ stages }) => [...stages],
      }),
      progress: t.expose('progress', {
        type: progressRef,
        nullable: true,
        description: 'How far the present stage is; null if it has not told, and once the task has ended.',
      }),
      attempts: t.exposeInt('attempts', {
        description: 'Tries of the present or last stage that were begun; more than 1 if a trainer died.',
      }),
      reused: t.exposeBoolean('reused', {
        description: 'Whether the version was there already, made of the same data by the same recipe.',
      }),
      gates: t.field({
        type: [checkRef],
        description:
          'The checks of the gate; empty until it was judged. If the version was there already, those that it has passed.',
        resolve: ({ gates }) => [...(gates ?? [])],
      }),
      version: t.exposeString('version', {
        nullable: true,
        description: 'The version that came of it, as `models` lists it; null if none did, or not yet.',
      }),
      log: t.field({
        type: logPageRef,
        extensions: { points: LOG_POINTS },
        description: `What its recipe has written. The newest 2,000 messages of a task are kept for 14 days. ${LOG_POINTS} points of complexity.`,
        args: {
          first: t.arg.int({
            required: true,
            defaultValue: DEFAULT_LINES,
            description: `The most lines: 1 to ${MAX_LOG_LINES}.`,
          }),
          after: t.arg.string({ description: 'The lines begin after this cursor.' }),
        },
        resolve: ({ id }, { first, after }, { work, owner }) => work.logs.page(id, { owner, first, after }),
      }),
    }),
  });
  return { trainingRef, logPageRef, kindRef };
}
