/** The GraphQL type of the versions of models. */
import { isMeant, type Weight } from '../src/contract/rollout.ts';
import { type Model, type ModelVersion, Runtime } from '../src/models/models.ts';
import { type OfferedVersion, VersionState } from '../src/rollout/offering.ts';
import { defineLiveError } from './actuals.ts';
import type { Builder } from './builder.ts';
import type { CheckRef } from './check.ts';
import { defineProvenance } from './provenance.ts';
import type { UsedDataRefs } from './usedData.ts';

/** A version with its shares of the model's tasks. */
export interface VersionWithShares extends OfferedVersion {
  readonly model: string;
  readonly weightPercent: number | undefined;
  readonly observedPercent: number | undefined;
  readonly shadowPercent: number;
}

export type ModelVersionRef = ReturnType<typeof defineModelVersion>;

export function defineModelVersion(builder: Builder, checkRef: CheckRef, usedDataRefs: UsedDataRefs) {
  const metricRef = builder.objectRef<ModelVersion['metrics'][number]>('Metric').implement({
    description: 'How good a version was on a dataset: on new data, or on the data that it was trained on.',
    fields: (t) => ({
      data: t.exposeString('data', { description: 'Name of the dataset.' }),
      name: t.exposeString('name', { description: 'Name of the figure, such as RMSE or MAE.' }),
      unit: t.exposeString('unit', { description: 'Unit of the value.' }),
      value: t.exposeFloat('value', { description: 'The figure, in `unit`.' }),
    }),
  });

  const stateEnum = builder.enumType('VersionState', {
    description: 'Whether a version can answer tasks.',
    values: {
      [VersionState.Served]: { description: 'Live workers serve it.' },
      [VersionState.Waiting]: { description: 'No live worker serves it yet.' },
      [VersionState.Refused]: { description: 'Workers refuse to serve it. `reason` says why.' },
      [VersionState.Leaving]: {
        description:
          'Its folder is gone, or it was retired. Workers finish its queue, and it gets no new tasks.',
      },
    } as const,
  });

  const originEnum = builder.enumType('VersionOrigin', {
    description: 'Where a version comes from.',
    values: {
      FOLDER: { description: 'From a folder of MODELS_DIR.' },
      REGISTRY: {
        description:
          'From the registry. It answers tasks by a rollout or by `modelVersion` only: it is never the default.',
      },
    } as const,
  });

  const runtimeEnum = builder.enumType('Runtime', {
    description: 'What runs a version.',
    values: {
      ONNX: { value: Runtime.Onnx, description: 'ONNX Runtime.' },
      PYTHON: { value: Runtime.Python, description: 'A class in Python.' },
      NODE: { value: Runtime.Node, description: 'A class in JavaScript or TypeScript.' },
      COMMAND: { value: Runtime.Command, description: 'A program of its own.' },
    } as const,
  });

  const liveErrorRef = defineLiveError(builder);
  const provenanceRef = defineProvenance(builder, usedDataRefs);
  return builder.objectRef<VersionWithShares>('ModelVersion').implement({
    description: 'One trained version of a model.',
    fields: (t) => ({
      version: t.string({ description: 'A positive integer.', resolve: ({ record }) => record.version }),
      state: t.expose('state', { type: stateEnum, description: 'Whether it can answer tasks now.' }),
      reason: t.exposeString('refusal', {
        nullable: true,
        description: 'Why a worker refuses to serve it; null if no worker refuses it.',
      }),
      weightPercent: t.exposeFloat('weightPercent', {
        nullable: true,
        description:
          'Its share of the tasks, in percent, as `setRollout` has set it. It is also 0 if its folder has another model now. Null if the model has no rollout: then the newest version answers.',
      }),
      observedPercent: t.exposeFloat('observedPercent', {
        nullable: true,
        description:
          "Its share of the model's tasks that live workers finished in the last minute, in percent; null if there were none.",
      }),
      shadowPercent: t.exposeFloat('shadowPercent', {
        description: 'The chance that a task of another version is also tried on it, in percent.',
      }),
      liveWorkers: t.exposeInt('liveWorkers', {
        description: 'Number of live workers that serve it, or finish its queue.',
      }),
      runtime: t.field({
        type: runtimeEnum,
        description: 'What runs it.',
        resolve: ({ record }) => record.code?.runtime ?? Runtime.Onnx,
      }),
      environment: t.exposeString('environment', {
        nullable: true,
        description:
          'What a version that is code runs in, as a live worker tells: its Python and where its packages come from, for example. Null for `ONNX`, and while no worker serves it.',
      }),
      origin: t.field({
        type: originEnum,
        description: 'Where it comes from.',
        resolve: ({ record: { registered } }) => (registered === undefined ? 'FOLDER' : 'REGISTRY'),
      }),
      bytes: t.float({
        nullable: true,
        description:
          'Bytes of its model: of all its files but `version.json` and `golden.json`. Null if they cannot be read.',
        resolve: ({ record }) => record.bytes,
      }),
      provenance: t.field({
        type: provenanceRef,
        nullable: true,
        description: 'What it was trained of; null if no training of Tidings made it.',
        resolve: ({ record: { registered } }) => registered?.provenance,
      }),
      gates: t.field({
        type: [checkRef],
        description: 'The checks of the gate that it passed; empty if no training of Tidings made it.',
        resolve: ({ record: { registered } }) => [...(registered?.gates ?? [])],
      }),
      digest: t.string({
        description: 'Hex SHA-256 of `model.onnx`, or of the list of its files.',
        resolve: ({ record }) => record.sha256,
      }),
      createdAt: t.field({
        type: 'DateTime',
        description: 'When it was trained.',
        resolve: ({ record }) => Date.parse(record.created),
      }),
      trainedOn: t.stringList({
        description: 'Names of the datasets that it was trained on.',
        resolve: ({ record }) => record.trainedOn,
      }),
      metrics: t.field({
        type: [metricRef],
        description: 'How good it was on datasets.',
        resolve: ({ record }) => record.metrics,
      }),
      liveError: t.field({
        type: [liveErrorRef],
        nullable: true,
        description:
          'How far its predictions were from the true values reported in the last 30 days (about a million at most). One entry for each output that has any. Null while this gateway still reads them, for some seconds after its start.',
        resolve: ({ model, record }, _args, { actuals }) => actuals.liveErrors(model, record.version),
      }),
    }),
  });
}

export function withShares(
  { manifest }: Model,
  versions: readonly OfferedVersion[],
  { weights, shadow }: { weights: readonly Weight[] | undefined; shadow: readonly Weight[] },
): readonly VersionWithShares[] {
  const finished = versions.reduce((sum, { finishedLastMinute }) => sum + finishedLastMinute, 0);
  return versions.map((offered) => ({
    ...offered,
    model: manifest.name,
    weightPercent: weights && percentIn(weights, offered),
    shadowPercent: percentIn(shadow, offered),
    observedPercent: finished === 0 ? undefined : hundredths((100 * offered.finishedLastMinute) / finished),
  }));
}

/** Rounds to two decimals. Shares are set with two decimals, too. */
function hundredths(percent: number): number {
  return Math.round(percent * 100) / 100;
}

function percentIn(weights: readonly Weight[], { record }: OfferedVersion): number {
  const weight = weights.find(({ version }) => version === record.version);
  return weight !== undefined && isMeant(weight, record.sha256) ? weight.percent : 0;
}
