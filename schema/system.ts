/** The queries `models`, `workers` and `health`, with the GraphQL types of workers. */
import type {
  NamedVersion,
  RefusedVersion,
  VersionPresence,
  WorkerPresence,
} from '../src/contract/messages/presence.ts';
import { type Builder, type Context, replacedBy } from './builder.ts';
import type { ModelRef } from './model.ts';

/** The execution providers of our workers, by the names that ONNX Runtime gives them. */
const PROVIDERS: ReadonlyMap<string, 'CPU' | 'CUDA' | 'WEBGPU'> = new Map([
  ['cpu', 'CPU'],
  ['cuda', 'CUDA'],
  ['webgpu', 'WEBGPU'],
]);

export type WorkerRef = ReturnType<typeof defineSystem>;

export function defineSystem(builder: Builder, modelRef: ModelRef) {
  const providerEnum = builder.enumType('ExecutionProvider', {
    description: 'What ONNX Runtime runs a version on.',
    values: {
      CPU: { description: 'The processor.' },
      CUDA: { description: 'An NVIDIA GPU.' },
      WEBGPU: { description: 'A GPU, through WebGPU.' },
      OTHER: {
        description: 'Anything else: the version is code, or the worker is not part of Tidings.',
      },
    } as const,
  });

  const servedRef = builder.objectRef<VersionPresence>('ServedVersion').implement({
    description: 'A model version that a worker serves.',
    fields: (t) => ({
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      model: t.exposeString('model', {
        deprecationReason: replacedBy('modelName'),
        description: 'Name of the model.',
      }),
      version: t.exposeString('version', { description: 'Its version.' }),
      provider: t.field({
        type: providerEnum,
        description: 'The execution provider of ONNX Runtime that runs it; `OTHER` if it is code.',
        resolve: ({ executionProvider }) => PROVIDERS.get(executionProvider) ?? 'OTHER',
      }),
      deviceMemoryMib: t.int({
        nullable: true,
        description:
          'The memory of the GPU that it took when the worker loaded it, in MiB, about; null without a GPU, or if it could not be measured.',
        resolve: ({ deviceMib }) => deviceMib,
      }),
      executionProvider: t.exposeString('executionProvider', {
        deprecationReason: replacedBy('provider'),
        description: 'The execution provider, as the worker calls it.',
      }),
    }),
  });

  const leavingRef = builder.objectRef<NamedVersion>('LeavingVersion').implement({
    description: 'A model version whose folder is gone. A worker still finishes its queue.',
    fields: (t) => ({
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      model: t.exposeString('model', {
        deprecationReason: replacedBy('modelName'),
        description: 'Name of the model.',
      }),
      version: t.exposeString('version', { description: 'Its version.' }),
    }),
  });

  const refusedRef = builder.objectRef<RefusedVersion>('RefusedVersion').implement({
    description: 'A model version that a worker refuses to serve.',
    fields: (t) => ({
      modelName: t.exposeString('model', { description: 'Name of the model.' }),
      version: t.exposeString('version', { description: 'Its version.' }),
      reason: t.exposeString('reason', {
        description:
          'Why: its check failed, its memory does not suffice, or no key has signed it, for example.',
      }),
    }),
  });

  const workerRef = builder.objectRef<WorkerPresence>('Worker').implement({
    description: 'A live worker: it has reported within the last seconds.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Id of the worker process.' }),
      startedAt: t.expose('startedAt', {
        type: 'DateTime',
        description: 'When the process started, by its own clock.',
      }),
      models: t.expose('models', { type: [servedRef], description: 'The versions that it serves.' }),
      leaving: t.field({
        type: [leavingRef],
        description: 'The versions that it does not serve any more, but keeps to finish their queues.',
        resolve: ({ leaving = [] }) => leaving,
      }),
      refused: t.field({
        type: [refusedRef],
        description: 'The versions that it has looked at and does not serve, each with the reason.',
        resolve: ({ refused = [] }) => refused,
      }),
    }),
  });

  const healthRef = builder.objectRef<Context>('Health').implement({
    description: 'The models and workers, as this gateway sees them.',
    fields: (t) => ({
      name: t.string({ description: 'The name of the software.', resolve: () => 'Tidings' }),
      apiVersion: t.exposeString('apiVersion', { description: 'Its version.' }),
      brokerConnected: t.boolean({
        description: 'Whether this gateway reaches the broker now.',
        resolve: ({ broker }) => broker.connected,
      }),
      models: t.expose('models', { type: [modelRef], description: 'The served models.' }),
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
      description: 'The served models, with their inputs, outputs and versions.',
      resolve: (_root, _args, { models }) => models,
    }),
  );
  builder.queryField('health', (t) =>
    t.field({
      type: healthRef,
      description: 'The models and workers, and whether the broker is connected.',
      resolve: (_root, _args, context) => context,
    }),
  );
  builder.queryField('workers', (t) =>
    t.field({
      type: [workerRef],
      description: 'The live workers, by id.',
      resolve: (_root, _args, { workers }) => workers.list(),
    }),
  );
  return workerRef;
}
