/** Row batches: how far one is, and the predictions and errors of its rows. */

import { chunkCountOf, MAX_CHUNK_ROWS } from '../src/contract/rowBatchShape.ts';
import type { RowBatch, RowError, Task } from '../src/contract/task.ts';
import type { Value } from '../src/contract/values.ts';
import { sizeOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import { MAX_PAGE_ROWS, type RowPage } from '../src/tasks/rowPages.ts';
import type { Builder } from './builder.ts';
import type { TaskErrorCodeRef } from './errorCode.ts';
import { describeOutput, readOutput } from './prediction.ts';

/** A batch on its way to its GraphQL type. */
export interface RowBatchOfTask extends RowBatch {
  readonly task: Task;
}

/** Points of complexity: by default an operation may ask for three pages of 6 MiB. */
const PAGE_POINTS = 250;

export function defineBatch(builder: Builder, models: readonly Model[], errorCodeRef: TaskErrorCodeRef) {
  const errorRef = builder.objectRef<RowError>('RowError').implement({
    description: 'Why a row of a batch ended without a prediction.',
    fields: (t) => ({
      row: t.exposeInt('row', { description: 'Its index in the batch, from 0.' }),
      code: t.expose('code', { type: errorCodeRef, description: 'For programs.' }),
      message: t.exposeString('message', { description: 'For people: what was expected and what came.' }),
    }),
  });

  const typeNames = new Map(models.map(({ manifest }) => [manifest.name, manifest.graphql.columnsType]));
  const columnsRef = builder.unionType('PredictionColumns', {
    description: 'The predictions for many rows, a list per output. One type per model.',
    types: models.map((model) => defineColumns(builder, model)),
    resolveType: ({ model }) => typeNames.get(model) ?? null,
  });

  const pageRef = builder.objectRef<RowPage>('BatchPage').implement({
    description: 'What came of some rows of a batch, one after the other.',
    fields: (t) => ({
      firstRow: t.exposeInt('firstRow', { description: 'Index of the first row, from 0.' }),
      rowCount: t.exposeInt('rowCount', { description: 'Rows in this page.' }),
      nextRow: t.int({
        nullable: true,
        description:
          'Where the next page begins, for `after`; null if there is none. While the batch runs, its next rows may not have been run yet.',
        resolve: ({ nextRow }) => nextRow,
      }),
      predictions: t.field({
        type: columnsRef,
        description: 'Place i of each list belongs to row `firstRow` + i.',
        resolve: (page) => page,
      }),
      errors: t.expose('errors', {
        type: [errorRef],
        description: 'Of the rows that failed, in their order.',
      }),
    }),
  });

  return builder.objectRef<RowBatchOfTask>('TaskBatch').implement({
    description: 'The rows of a batch.',
    fields: (t) => ({
      rowCount: t.exposeInt('rowCount', { description: 'Rows in all.' }),
      chunkCount: t.int({
        description: `Jobs that the rows were cut into, ${MAX_CHUNK_ROWS} rows each at most: workers share them.`,
        resolve: chunkCountOf,
      }),
      rowsDone: t.exposeInt('rowsDone', {
        description:
          'Rows that have been run, failed ones included. Of a batch that was cancelled or expired: up to that moment; what was being run then may come to its end, and is in `results` too.',
      }),
      rowsFailed: t.exposeInt('rowsFailed', { description: 'Rows that ended without a prediction.' }),
      estimatedSecondsLeft: t.float({
        nullable: true,
        description: 'Until the last row, at the pace so far; null before there is one, and at the end.',
        resolve: ({ secondsLeft }) => secondsLeft,
      }),
      results: t.field({
        type: pageRef,
        extensions: { points: PAGE_POINTS },
        description: `What came of the rows, page by page; also while others still run. ${PAGE_POINTS} points of complexity. Errors: \`BAD_USER_INPUT\`, \`RESULT_EXPIRED\`, \`RESULT_UNREADABLE\`, \`GATEWAY_BUSY\`, \`BROKER_UNAVAILABLE\`.`,
        args: {
          first: t.arg.int({
            required: true,
            defaultValue: 1_000,
            description: `Rows at most: 1 to ${MAX_PAGE_ROWS}. Where rows are large, a page has fewer.`,
          }),
          after: t.arg.int({
            required: true,
            defaultValue: 0,
            description: 'Rows to leave out: 0, or `nextRow` of the page before.',
          }),
        },
        resolve: ({ task }, { first, after }, { tasks }) => tasks.page(task, { first, after }),
      }),
    }),
  });
}

function defineColumns(builder: Builder, { manifest }: Model) {
  return builder.objectRef<RowPage>(manifest.graphql.columnsType).implement({
    description: `What the model ${manifest.name} predicts for many rows; null where a row failed.`,
    fields: (t) =>
      Object.fromEntries(
        manifest.outputs.map((output) => {
          const { name } = output;
          const description = describeOutput(output);
          const readCell = (cell: Value | null) => (cell === null ? null : readOutput(output, cell));
          const column = ({ columns }: RowPage) => (columns.get(name) ?? []).map(readCell);
          const nullable = { list: false, items: true } as const;
          if (output.type === 'string') {
            const resolve = column as (page: RowPage) => (string | null)[];
            return [name, t.stringList({ description, nullable, resolve })];
          }
          if (output.type === 'boolean') {
            const resolve = column as (page: RowPage) => (boolean | null)[];
            return [name, t.booleanList({ description, nullable, resolve })];
          }
          if (sizeOf(output) === undefined) {
            const resolve = column as (page: RowPage) => (number | null)[];
            return [name, t.floatList({ description, nullable, resolve })];
          }
          const resolve = column as (page: RowPage) => (number[] | null)[];
          return [
            name,
            t.field({ type: t.listRef(t.listRef('Float'), { nullable: true }), description, resolve }),
          ];
        }),
      ),
  });
}
