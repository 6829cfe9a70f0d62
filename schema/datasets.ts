/** The data that models are trained on: their reports, for viewers and operators. */
import type { StoredDataset } from '../src/broker/broker.ts';
import type {
  ColumnReport,
  DataProblem,
  DatasetRecord,
  InputProfile,
} from '../src/contract/messages/datasetRecord.ts';
import { type DataFile, DataPlace } from '../src/contract/work.ts';
import { type Model, modelNamed } from '../src/models/models.ts';
import { type DatasetPage, datasetCursorOf, MAX_DATASETS_PAGE } from '../src/workflow/datasets.ts';
import type { Builder } from './builder.ts';
import type { PageInfoRef } from './pageInfo.ts';
import type { TaskRef } from './task.ts';
import type { WorkOptionsRef } from './training.ts';

const DEFAULT_PAGE = 20;
const PLACES: Readonly<Record<DataPlace, string>> = {
  STORE: 'It was uploaded.',
  FOLDER: 'It lies in the folder `DATASETS_DIR` of the trainers.',
};

export type DatasetRef = ReturnType<typeof defineDatasets>;

/** @returns the type of a dataset. */
export function defineDatasets(builder: Builder, pageInfoRef: PageInfoRef) {
  const datasetRef = defineDataset(builder);
  const edgeRef = builder.objectRef<StoredDataset>('DatasetEdge').implement({
    description: 'A dataset with its cursor.',
    fields: (t) => ({
      cursor: t.string({
        description: 'Position of the dataset, for `after`. Opaque.',
        resolve: datasetCursorOf,
      }),
      node: t.expose('record', { type: datasetRef, description: 'The dataset.' }),
    }),
  });
  const connectionRef = builder.objectRef<DatasetPage>('DatasetConnection').implement({
    description: 'A page of datasets.',
    fields: (t) => ({
      edges: t.expose('datasets', {
        type: [edgeRef],
        description: 'The datasets of the page, newest first.',
      }),
      pageInfo: t.field({
        type: pageInfoRef,
        description: 'Where the page begins and ends.',
        resolve: ({ datasets, after, hasNextPage }) => {
          const cursors = datasets.map(datasetCursorOf);
          return {
            hasNextPage,
            hasPreviousPage: after !== undefined,
            startCursor: cursors[0],
            endCursor: cursors.at(-1) ?? after,
          };
        },
      }),
    }),
  });
  builder.queryField('datasets', (t) =>
    t.field({
      type: connectionRef,
      description:
        'The datasets that were checked, newest check first, unusable ones too. A page may have fewer than asked for, although another follows. Errors: `BAD_USER_INPUT`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`. For viewers and operators (`FORBIDDEN`).',
      args: {
        model: t.arg.string({ description: 'Only those of this model.' }),
        name: t.arg.string({ description: 'Only those of this name.' }),
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: `The most datasets of the page: 1 to ${MAX_DATASETS_PAGE}.`,
        }),
        after: t.arg.string({ description: 'The page begins after the dataset with this cursor.' }),
      },
      resolve: async (_root, { model, name, first, after }, context) => {
        await context.audit.admit(context, { action: 'datasets', viewersMay: true });
        return context.datasets.page({
          owner: context.owner,
          model: model ?? undefined,
          name: name ?? undefined,
          first,
          after: after ?? undefined,
        });
      },
    }),
  );
  return datasetRef;
}

/** The mutation that has a dataset checked. */
export function defineAddDataset(
  builder: Builder,
  models: readonly Model[],
  { taskRef, optionsRef }: { readonly taskRef: TaskRef; readonly optionsRef: WorkOptionsRef },
): void {
  const fileRef = builder.inputType('DataFileInput', {
    description:
      'A file of a dataset: one that was stored by `PUT /artifacts/<sha256>`, or one in the folder `DATASETS_DIR` of the trainers.',
    fields: (t) => ({
      name: t.string({
        required: true,
        description: 'Its name; of a file in the folder, its path there, such as `2021/january.parquet`.',
      }),
      sha256: t.string({ required: true, description: 'Hex SHA-256 of its content.' }),
    }),
  });
  const inputRef = builder.inputType('AddDatasetInput', {
    description: 'Files to train a model on.',
    fields: (t) => ({
      name: t.string({
        required: true,
        description: 'Name of the dataset: lower-case letters, digits, - and _. Several may have one name.',
      }),
      model: t.string({
        required: true,
        description: 'Name of a model that can be trained, see `Model.training`.',
      }),
      files: t.field({
        type: [fileRef],
        required: true,
        description: 'Parquet or CSV files with the same columns, each with another name.',
      }),
    }),
  });
  builder.mutationField('addDataset', (t) =>
    t.field({
      type: taskRef,
      description:
        'Has a trainer check files that a model is to be trained on. Returns the task at once, still queued; once it has succeeded, `Task.dataset` has the report, also of data that are unusable. The same files may be added again: the newest report counts. Errors: `BAD_USER_INPUT`, `QUEUE_FULL`, `OWNER_QUOTA`, `REQUEST_ID_CONFLICT`, `BROKER_UNAVAILABLE`, `RESULT_STORE_FULL`. For operators (`FORBIDDEN`).',
      args: {
        input: t.arg({ type: inputRef, required: true, description: 'The files, and their model.' }),
        options: t.arg({ type: optionsRef, description: 'The options of the task.' }),
      },
      resolve: (_root, { input, options: given }, context) =>
        context.audit.act(context, {
          action: 'addDataset',
          target: input.model,
          asked: { input, options: given },
          run: async () => {
            const model = modelNamed(models, input.model);
            const { owner, limitedKey, trace, gone, work } = context;
            const dataset = await context.datasets.ask(input, model.manifest);
            const options = given ?? {};
            return work.submissions.addDataset({ model, dataset, options, owner, limitedKey, trace, gone });
          },
          told: (task) => ({ after: { task: task.id } }),
        }),
    }),
  );
}

function defineDataset(builder: Builder) {
  const placeRef = builder.enumType('DataPlace', {
    description: 'Where the bytes of a data file are.',
    values: Object.fromEntries(
      Object.values(DataPlace).map((place) => [place, { value: place, description: PLACES[place] }]),
    ),
  });
  const fileRef = builder.objectRef<DataFile>('DataFile').implement({
    description: 'A file of a dataset.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name, which may be a path.' }),
      sha256: t.exposeID('sha256', { description: 'Hex SHA-256 of its content.' }),
      bytes: t.exposeFloat('bytes', { description: 'Its size.' }),
      place: t.field({ type: placeRef, description: 'Where it is.', resolve: ({ place }) => place }),
    }),
  });
  const problemRef = builder.objectRef<DataProblem>('DataProblem').implement({
    description: 'Something in a dataset that does not fit its model.',
    fields: (t) => ({
      message: t.exposeString('message', { description: 'What is wrong, in a sentence.' }),
      column: t.exposeString('column', { nullable: true, description: 'The column; null if it is not one.' }),
      count: t.float({
        nullable: true,
        description: 'The number of rows; null if all of the data is meant.',
        resolve: ({ count }) => count,
      }),
    }),
  });
  const columnRef = builder.objectRef<ColumnReport>('ColumnReport').implement({
    description: 'What a column of a dataset holds.',
    fields: (t) => ({
      column: t.exposeString('column', { description: 'Its name; for a target, that of the output.' }),
      input: t.exposeString('input', {
        nullable: true,
        description: 'The input that reads it; null if none does.',
      }),
      type: t.exposeString('type', {
        description: 'Its type, as DuckDB names it. Targets have `target` in front.',
      }),
      nulls: t.exposeFloat('nulls', { description: 'Rows without a value.' }),
      outside: t.exposeFloat('outside', {
        description: 'Rows with a value that the input or output cannot have, or that cannot be read.',
      }),
      least: t.exposeString('least', {
        nullable: true,
        description: 'The least value; null if there is none.',
      }),
      most: t.exposeString('most', {
        nullable: true,
        description: 'The greatest value; null if there is none.',
      }),
      psi: t.float({
        nullable: true,
        description:
          'Population stability index: how far its values are from those of which the version was made that answers now. Below 0.1 they are much the same, above 0.25 they are others. Null if that is not known.',
        resolve: ({ psi }) => psi,
      }),
    }),
  });
  const profileRef = builder.objectRef<InputProfile>('InputProfile').implement({
    description: 'How the values of an input are distributed, over the rows that take part in training.',
    fields: (t) => ({
      input: t.exposeString('input', { description: 'Name of the input.' }),
      bounds: t.floatList({
        nullable: true,
        description:
          'Upper bounds of all bins but the last, if it has numbers: of a time the hours, of a text its lengths. Else null.',
        resolve: ({ bounds }) => bounds && [...bounds],
      }),
      names: t.stringList({
        nullable: true,
        description: 'The most frequent names, if it is an enum or a boolean; else null.',
        resolve: ({ names }) => names && [...names],
      }),
      shares: t.floatList({
        description: 'The share of each bin or name; the last is that of all others. They add up to 1.',
        resolve: ({ shares }) => [...shares],
      }),
    }),
  });
  return builder.objectRef<DatasetRecord>('Dataset').implement({
    description: 'Data for training a model: files, and the report of their check.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name. Several datasets may have one.' }),
      digest: t.exposeID('digest', { description: 'Hex SHA-256 of the names and digests of its files.' }),
      model: t.exposeString('model', { description: 'Name of the model that it was checked for.' }),
      createdAt: t.expose('createdAt', {
        type: 'DateTime',
        description: 'When its newest check was submitted.',
      }),
      files: t.field({ type: [fileRef], description: 'Its files.', resolve: ({ files }) => files }),
      rowCount: t.exposeFloat('rowCount', { description: 'Number of rows.' }),
      duplicates: t.exposeFloat('duplicates', {
        description: 'Rows that are equal to another one before them.',
      }),
      usable: t.exposeBoolean('usable', { description: 'Whether a model can be trained on it.' }),
      problems: t.field({
        type: [problemRef],
        description: 'What does not fit the model. Those that make it unusable come first.',
        resolve: ({ problems }) => problems,
      }),
      columns: t.field({
        type: [columnRef],
        description: 'Its columns, those of inputs first, and the targets.',
        resolve: ({ columns }) => columns,
      }),
      profile: t.field({
        type: [profileRef],
        description: 'How the values of the inputs are distributed.',
        resolve: ({ profile }) => profile,
      }),
    }),
  });
}
