/** What runs: models, versions, workers. */
import type { Model, ModelVersion } from '../src/models.ts';
import type { ServedVersion, WorkerPresence } from '../src/protocol.ts';
import type { Builder, Context } from './builder.ts';
import { defineModelField } from './modelField.ts';

type VersionOfModel = ModelVersion & { readonly model: string };

export function defineSystem(builder: Builder): void {
  const modelRef = defineModel(builder);

  const servedRef = builder.objectRef<ServedVersion>('ServedVersion').implement({
    description: 'A model version that a worker serves.',
    fields: (t) => ({
      model: t.exposeString('model', { description: 'Name of the model.' }),
      version: t.exposeString('version', { description: 'Its version.' }),
      executionProvider: t.exposeString('executionProvider', {
        description: 'What runs it: cpu, cuda or webgpu.',
      }),
    }),
  });

  const workerRef = builder.objectRef<WorkerPresence>('Worker').implement({
    description: 'A live worker: heard of within the last seconds.',
    fields: (t) => ({
      id: t.exposeString('id', { description: 'Names the worker process.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        description: 'When the process started, by its own clock.',
      }),
      models: t.expose('models', { type: [servedRef], description: 'What it serves.' }),
    }),
  });

  const healthRef = builder.objectRef<Context>('Health').implement({
    description: 'What runs, as this gateway sees it.',
    fields: (t) => ({
      name: t.string({ description: 'The name of the software.', resolve: () => 'Tidings' }),
      apiVersion: t.exposeString('apiVersion', { description: 'Its version.' }),
      brokerConnected: t.boolean({
        description: 'Whether this gateway reaches the broker now.',
        resolve: ({ broker }) => broker.connected,
      }),
      models: t.expose('models', { type: [modelRef], description: 'The models served.' }),
      workers: t.field({
        type: [workerRef],
        description: 'The live workers.',
        resolve: ({ workers }) => workers.list(),
      }),
    }),
  });

  builder.queryField('models', (t) =>
    t.field({
      type: [modelRef],
      description: 'The models served, each with what it takes and returns.',
      resolve: (_root, _args, { models }) => models,
    }),
  );
  builder.queryField('health', (t) =>
    t.field({ type: healthRef, description: 'What runs.', resolve: (_root, _args, context) => context }),
  );
}

function defineModel(builder: Builder) {
  const metricRef = builder.objectRef<ModelVersion['metrics'][number]>('Metric').implement({
    description: 'How good a version was on a data set that it had not seen, or was trained on.',
    fields: (t) => ({
      data: t.exposeString('data', { description: 'Name of the data set.' }),
      name: t.exposeString('name', { description: 'Such as RMSE or MAE.' }),
      unit: t.exposeString('unit', { description: 'Unit of the value.' }),
      value: t.exposeFloat('value', { description: 'The figure, in `unit`.' }),
    }),
  });

  const fieldRef = defineModelField(builder);
  const versionRef = builder.objectRef<VersionOfModel>('ModelVersion').implement({
    description: 'One trained version of a model.',
    fields: (t) => ({
      version: t.exposeString('version', { description: 'A positive integer.' }),
      digest: t.exposeString('sha256', { description: 'Hex SHA-256 of `model.onnx`.' }),
      createdAt: t.field({
        type: 'DateTime',
        description: 'When it was trained.',
        resolve: ({ created }) => Date.parse(created),
      }),
      trainedOn: t.exposeStringList('trainedOn', { description: 'Names of the data sets.' }),
      metrics: t.expose('metrics', { type: [metricRef], description: 'How good it is.' }),
      liveWorkers: t.int({
        description: 'Live workers that serve it.',
        resolve: ({ model, version }, _args, { workers }) =>
          workers
            .list()
            .filter(({ models }) => models.some((s) => s.model === model && s.version === version)).length,
      }),
    }),
  });

  return builder.objectRef<Model>('Model').implement({
    description: 'A model, as its manifest describes it.',
    fields: (t) => ({
      name: t.string({ description: 'Names the model.', resolve: ({ manifest }) => manifest.name }),
      description: t.string({
        description: 'What it predicts.',
        resolve: ({ manifest }) => manifest.description,
      }),
      mutation: t.string({
        description: 'The mutation that submits.',
        resolve: ({ manifest }) => manifest.graphql.mutation,
      }),
      inputs: t.field({
        type: [fieldRef],
        description: 'What it takes.',
        resolve: ({ manifest }) => manifest.inputs,
      }),
      outputs: t.field({
        type: [fieldRef],
        description: 'What it returns.',
        resolve: ({ manifest }) => manifest.outputs,
      }),
      maxBatchSize: t.int({
        description: 'Tasks in one run at most.',
        resolve: ({ manifest }) => manifest.batching.maxBatchSize,
      }),
      timeoutMs: t.int({
        description: "A task's time limit unless it sets its own, in milliseconds.",
        resolve: ({ manifest }) => manifest.limits.timeoutMs,
      }),
      versions: t.field({
        type: [versionRef],
        description: 'The versions served, oldest first.',
        resolve: ({ manifest, versions }) =>
          versions.map((version) => ({ ...version, model: manifest.name })),
      }),
    }),
  });
}
