/** The comparison of versions with their shadows, for operators. */
import type { Comparison, Differences, Durations } from '../src/evaluation/comparison.ts';
import type { RolloutComparison } from '../src/evaluation/rolloutComparisons.ts';
import { unitOf } from '../src/models/manifest.ts';
import type { Builder } from './builder.ts';
import type { ModelRef } from './model.ts';

/** How long tasks took on one of the two compared versions. */
interface VersionDurations {
  readonly latency: Durations;
  readonly compute: Durations;
}

interface OutputDifferences {
  readonly output: string;
  readonly unit: string | undefined;
  readonly differences: Differences;
}

interface VersionComparison {
  readonly comparison: Comparison;
  readonly outputs: readonly OutputDifferences[];
}

const TAIL = 0.95;
const ACCURACY = 'accurate to 2.5 %';

export function defineComparison(builder: Builder, modelRef: ModelRef): void {
  const outputRef = builder.objectRef<OutputDifferences>('OutputComparison').implement({
    description:
      'How one output differed between the shadow and the version. A difference is the value of the shadow minus the value of the version.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'Name of the output.' }),
      unit: t.exposeString('unit', {
        nullable: true,
        description:
          'Unit of the differences; null if the output is no number, and if its unit is not known.',
      }),
      count: t.int({
        description: 'Number of compared tasks.',
        resolve: ({ differences }) => differences.count,
      }),
      differentCount: t.int({
        description: 'Number of tasks whose two values differed.',
        resolve: ({ differences }) => differences.different,
      }),
      meanDifference: t.float({
        nullable: true,
        description:
          'Mean difference, with its sign; for a list, over all its numbers. Null if there are no numbers.',
        resolve: ({ differences }) => meanOf(differences, differences.sum),
      }),
      meanAbsoluteDifference: t.float({
        nullable: true,
        description: 'Mean difference without its sign. Null if there are no numbers.',
        resolve: ({ differences }) => meanOf(differences, differences.absoluteSum),
      }),
      largestAbsoluteDifference: t.float({
        nullable: true,
        description: 'The largest difference without its sign. Null if there are no numbers.',
        resolve: ({ differences }) => (differences.measured === 0 ? undefined : differences.largest),
      }),
    }),
  });

  const durationsRef = builder.objectRef<VersionDurations>('ComparedDurations').implement({
    description: 'How long the compared tasks took on one of the two versions; 0 if there are no such tasks.',
    fields: (t) => ({
      meanLatencyMs: t.float({
        description: 'Mean time from the sending of a task to the end of its run, in milliseconds.',
        resolve: ({ latency }) => latency.meanMs,
      }),
      p95LatencyMs: t.float({
        description: `The 95th percentile of these times, in milliseconds, ${ACCURACY}.`,
        resolve: ({ latency }) => latency.quantileMs(TAIL),
      }),
      meanComputeMs: t.float({
        description: 'Mean time of a run, which all tasks of its batch share, in milliseconds.',
        resolve: ({ compute }) => compute.meanMs,
      }),
      p95ComputeMs: t.float({
        description: `The 95th percentile of the times of runs, in milliseconds, ${ACCURACY}.`,
        resolve: ({ compute }) => compute.quantileMs(TAIL),
      }),
    }),
  });

  const versionsRef = builder.objectRef<VersionComparison>('VersionComparison').implement({
    description: 'A version that answers tasks, and a shadow that was tried on the same tasks.',
    fields: (t) => ({
      version: t.string({
        description: 'The version whose answers count.',
        resolve: ({ comparison }) => comparison.version,
      }),
      shadowVersion: t.string({
        description: 'The shadow. Users never see its answers.',
        resolve: ({ comparison }) => comparison.shadowVersion,
      }),
      sentTasks: t.int({
        description:
          'Number of tasks sent to the shadow. Some of them are neither compared nor failed: they still run, were dropped because there was no room or no time for them, or did not succeed on the version.',
        resolve: ({ comparison }) => comparison.sent,
      }),
      comparedTasks: t.int({
        description: 'Number of tasks that both versions have answered.',
        resolve: ({ comparison }) => comparison.compared,
      }),
      failedTasks: t.int({
        description:
          'Number of tasks that succeeded on the version and failed on the shadow. If the shadow crashed or took too long, all tasks of its batch count.',
        resolve: ({ comparison }) => comparison.failed,
      }),
      durations: t.field({
        type: durationsRef,
        description: 'How long the tasks took on the version.',
        resolve: ({ comparison: { latency, compute } }) => ({ latency, compute }),
      }),
      shadowDurations: t.field({
        type: durationsRef,
        description:
          'How long the tasks took on the shadow. A shadow runs only when no other tasks wait, so its latency is longer than that of a version that answers. The times of its runs are not affected.',
        resolve: ({ comparison }) => ({
          latency: comparison.shadowLatency,
          compute: comparison.shadowCompute,
        }),
      }),
      outputs: t.expose('outputs', {
        type: [outputRef],
        description: 'One entry for each output of the model, once a task is compared.',
      }),
    }),
  });

  const comparisonRef = builder.objectRef<RolloutComparison>('RolloutComparison').implement({
    description:
      'The comparison of versions with their shadows, over the tasks of all gateways that answered.',
    fields: (t) => ({
      model: t.expose('model', { type: modelRef, description: 'The model.' }),
      since: t.expose('since', {
        type: 'DateTime',
        nullable: true,
        description:
          'Since when these shadows are tried. The figures begin at this moment. Null if there are no shadows.',
      }),
      gatewayCount: t.exposeInt('gatewayCount', {
        description:
          'Number of gateways whose tasks are included. Figures of a gateway that has ended are lost.',
      }),
      versions: t.field({
        type: [versionsRef],
        description: 'One entry for each pair of a version and a shadow to which a task was sent.',
        resolve: versionsOf,
      }),
    }),
  });

  const purpose =
    'Compares the versions that answer the tasks of a model with the shadows that `setRollout` gave it. Errors: `BAD_USER_INPUT`. For operators (`FORBIDDEN`).';
  const modelArgument = 'Name of the model.';
  builder.queryField('rolloutComparison', (t) =>
    t.field({
      type: comparisonRef,
      description: `The present figures. ${purpose}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      resolve: async (_root, { model }, context) => {
        await context.audit.admit(context, { action: 'rolloutComparison', target: model });
        return context.comparisons.comparison(model);
      },
    }),
  );
  builder.subscriptionField('rolloutComparison', (t) =>
    t.field({
      type: comparisonRef,
      description: `Delivers the figures at once, and then every second. ${purpose}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      subscribe: async (_root, { model }, context) => {
        await context.audit.admit(context, { action: 'rolloutComparison', target: model });
        return context.comparisons.watch(model);
      },
      resolve: (comparison) => comparison,
    }),
  );
}

function versionsOf({ model, comparisons }: RolloutComparison): readonly VersionComparison[] {
  const { outputs } = model.manifest;
  return comparisons.map((comparison) => ({
    comparison,
    outputs: outputs.flatMap((output) => {
      const differences = comparison.outputs.get(output.name);
      if (differences === undefined) return [];
      return [{ output: output.name, unit: unitOf(output), differences }];
    }),
  }));
}

/** @returns undefined if no numbers were compared. */
function meanOf({ measured }: Differences, sum: number): number | undefined {
  return measured === 0 ? undefined : sum / measured;
}
