/** The GraphQL types of a row batch: its progress, and the results of its rows. */

import { chunkCountOf, MAX_CHUNK_ROWS } from '../src/contract/rowBatchShape.ts';
import type { RowBatch, RowError, Task } from '../src/contract/task.ts';
import type { Model } from '../src/models/models.ts';
import { MAX_PAGE_ROWS, type RowPage, rowAfter, rowCursor } from '../src/tasks/rowPages.ts';
import { type Builder, replacedBy } from './builder.ts';
import type { TaskErrorCodeRef } from './errorCode.ts';
import { describeOutput, type Outputs, readOutput } from './outputs.ts';
import type { PageInfo, PageInfoRef } from './pageInfo.ts';

/** A row batch with its task. The GraphQL type is resolved from it. */
interface RowBatchOfTask extends RowBatch {
  readonly task: Task;
}

interface PageOfTask extends RowPage {
  readonly task: Task;
}

/** The points of complexity of a page. By default an operation may ask for three pages of 6 MiB. */
const PAGE_POINTS = 250;
const DEFAULT_PAGE_ROWS = 1_000;

interface RefsOfBatch {
  readonly errorCodeRef: TaskErrorCodeRef;
  readonly pageInfoRef: PageInfoRef;
  readonly outputs: Outputs;
}

export function defineBatch(
  builder: Builder,
  models: readonly Model[],
  { errorCodeRef, pageInfoRef, outputs }: RefsOfBatch,
) {
  const errorRef = builder.objectRef<RowError>('RowError').implement({
    description: 'Why a row of a row batch ended without a prediction.',
    fields: (t) => ({
      row: t.exposeInt('row', { description: 'Index of the row in the row batch, from 0.' }),
      code: t.expose('code', { type: errorCodeRef, description: 'The reason, for programs.' }),
      message: t.exposeString('message', {
        description: 'The reason, for people: what was expected and what came.',
      }),
    }),
  });

  const typeNames = new Map(models.map(({ manifest }) => [manifest.name, manifest.graphql.columnsType]));
  const columnsRef = builder.unionType('PredictionColumns', {
    description: 'The predictions for many rows: one list for each output. Each model has its own type.',
    types: models.map((model) => defineColumns(builder, model, outputs)),
    resolveType: ({ task }) => typeNames.get(task.model) ?? null,
  });

  const pageRef = builder.objectRef<PageOfTask>('BatchPage').implement({
    description: 'The results of some consecutive rows of a row batch.',
    fields: (t) => ({
      firstRow: t.exposeInt('firstRow', { description: 'Index of the first row, from 0.' }),
      rowCount: t.exposeInt('rowCount', { description: 'Number of rows in this page.' }),
      pageInfo: t.field({
        type: pageInfoRef,
        description:
          'Where the page begins and ends. While the row batch runs, the next rows may not have been run yet: then the next page is empty.',
        resolve: pageInfoOf,
      }),
      nextRow: t.int({
        nullable: true,
        deprecationReason: replacedBy('pageInfo'),
        description:
          'Where the next page begins, for `after`; null if there is no next page. While the row batch runs, the next rows may not have been run yet.',
        resolve: ({ nextRow }) => nextRow,
      }),
      predictions: t.field({
        type: columnsRef,
        description: 'The predictions. Item i of each list belongs to row `firstRow` + i.',
        resolve: (page) => page,
      }),
      errors: t.expose('errors', {
        type: [errorRef],
        description: 'The errors of the rows that failed, in the order of the rows.',
      }),
    }),
  });

  const firstArgument = `The most rows of the page: 1 to ${MAX_PAGE_ROWS}. If rows are large, a page has fewer.`;
  return builder.objectRef<RowBatchOfTask>('TaskBatch').implement({
    description: 'The progress and the results of a row batch.',
    fields: (t) => ({
      rowCount: t.exposeInt('rowCount', { description: 'Number of all rows.' }),
      chunkCount: t.int({
        description: `Number of jobs that the rows were cut into, with ${MAX_CHUNK_ROWS} rows each at most. Workers share the jobs.`,
        resolve: chunkCountOf,
      }),
      rowsDone: t.exposeInt('rowsDone', {
        description:
          'Number of rows that have been run, including failed ones. If the row batch was cancelled or has expired, it counts up to that moment. Rows that were running at that moment may still end; their results are in `rows`, too.',
      }),
      rowsFailed: t.exposeInt('rowsFailed', {
        description: 'Number of rows that ended without a prediction.',
      }),
      estimatedSecondsLeft: t.float({
        nullable: true,
        description:
          'Seconds until the last row has been run, at the speed so far; null while there is no speed yet, and at the end.',
        resolve: ({ secondsLeft }) => secondsLeft,
      }),
      rows: t.field({
        type: pageRef,
        extensions: { points: PAGE_POINTS },
        description: `The results of the rows, page by page, also while other rows still run. ${PAGE_POINTS} points of complexity. Errors: \`BAD_USER_INPUT\`, \`RESULT_EXPIRED\`, \`RESULT_UNREADABLE\`, \`GATEWAY_BUSY\`, \`BROKER_UNAVAILABLE\`.`,
        args: {
          first: t.arg.int({ required: true, defaultValue: DEFAULT_PAGE_ROWS, description: firstArgument }),
          after: t.arg.string({ description: 'The page begins after the row with this cursor.' }),
        },
        resolve: async ({ task, rowCount }, { first, after }, { tasks }) => {
          const page = await tasks.page(task, {
            first,
            after: after == null ? 0 : rowAfter(after, rowCount),
          });
          return { ...page, task };
        },
      }),
      results: t.field({
        type: pageRef,
        extensions: { points: PAGE_POINTS },
        deprecationReason: replacedBy('rows'),
        description: 'As `rows`, with the number of a row in the place of its cursor.',
        args: {
          first: t.arg.int({ required: true, defaultValue: DEFAULT_PAGE_ROWS, description: firstArgument }),
          after: t.arg.int({
            required: true,
            defaultValue: 0,
            description: 'Number of rows before the page: 0, or `nextRow` of the page before.',
          }),
        },
        resolve: async ({ task }, { first, after }, { tasks }) => ({
          ...(await tasks.page(task, { first, after })),
          task,
        }),
      }),
    }),
  });
}

function pageInfoOf({ firstRow, rowCount, nextRow }: RowPage): PageInfo {
  const end = firstRow + rowCount;
  return {
    hasNextPage: nextRow !== undefined,
    hasPreviousPage: firstRow > 0,
    startCursor: rowCount === 0 ? undefined : rowCursor(firstRow),
    endCursor: end === 0 ? undefined : rowCursor(end - 1),
  };
}

function defineColumns(builder: Builder, { manifest }: Model, outputs: Outputs) {
  return builder.objectRef<PageOfTask>(manifest.graphql.columnsType).implement({
    description: `The predictions of the model ${manifest.name} for many rows; null for a row that failed.`,
    fields: (t) =>
      Object.fromEntries(
        manifest.outputs.map((output) => {
          const { name } = output;
          const column = ({ task, columns, firstRow }: PageOfTask) =>
            (columns.get(name) ?? []).map((cell, i) =>
              cell === null ? null : readOutput(output, cell, task, firstRow + i),
            );
          const type = t.listRef(outputs.typeOf(output), { nullable: true });
          // The types of the results follow from the manifest: the compiler cannot know them.
          const resolve = column as (from: PageOfTask) => never;
          return [name, t.field({ type, description: describeOutput(output), resolve })];
        }),
      ),
  });
}
