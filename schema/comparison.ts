/** What came of trying shadows, for operators. */
import type { Comparison, Differences, Durations } from '../src/evaluation/comparison.ts';
import type { RolloutComparison } from '../src/evaluation/rolloutComparisons.ts';
import type { Builder } from './builder.ts';
import type { ModelRef } from './system.ts';

/** How long one of two versions took. */
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
const ROUGHLY = 'within 2.5 %';

export function defineComparison(builder: Builder, modelRef: ModelRef): void {
  const outputRef = builder.objectRef<OutputDifferences>('OutputComparison').implement({
    description:
      'How one output of a shadow differed. Differences are the value of the shadow minus that of the version.',
    fields: (t) => ({
      output: t.exposeString('output', { description: 'Name of the output.' }),
      unit: t.exposeString('unit', {
        nullable: true,
        description: 'Unit of the differences; null if the output is no number.',
      }),
      count: t.int({ description: 'Tasks compared.', resolve: ({ differences }) => differences.count }),
      differentCount: t.int({
        description: 'Tasks whose two values were not the same.',
        resolve: ({ differences }) => differences.different,
      }),
      meanDifference: t.float({
        nullable: true,
        description:
          'Mean difference, with its sign; of a list, over all its numbers. Null if there are no numbers.',
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
    description: 'How long the tasks compared took with one of two versions; 0 if there are none.',
    fields: (t) => ({
      meanLatencyMs: t.float({
        description: 'Mean time from sending a task off until its run had ended, in milliseconds.',
        resolve: ({ latency }) => latency.meanMs,
      }),
      p95LatencyMs: t.float({
        description: `What 95 % of these times do not exceed, in milliseconds, ${ROUGHLY}.`,
        resolve: ({ latency }) => latency.quantileMs(TAIL),
      }),
      meanComputeMs: t.float({
        description: 'Mean time of the run, which a whole batch shares, in milliseconds.',
        resolve: ({ compute }) => compute.meanMs,
      }),
      p95ComputeMs: t.float({
        description: `What 95 % of the times of runs do not exceed, in milliseconds, ${ROUGHLY}.`,
        resolve: ({ compute }) => compute.quantileMs(TAIL),
      }),
    }),
  });

  const versionsRef = builder.objectRef<VersionComparison>('VersionComparison').implement({
    description: 'A version that answers tasks, and a shadow that was tried on the same ones.',
    fields: (t) => ({
      version: t.string({
        description: 'Its answers count.',
        resolve: ({ comparison }) => comparison.version,
      }),
      shadowVersion: t.string({
        description: 'Its answers are seen by nobody.',
        resolve: ({ comparison }) => comparison.shadowVersion,
      }),
      sentTasks: t.int({
        description:
          'Tasks sent to the shadow. Those that are neither compared nor failed are under way, were dropped for want of room or time, or did not succeed themselves.',
        resolve: ({ comparison }) => comparison.sent,
      }),
      comparedTasks: t.int({
        description: 'Tasks that both have answered.',
        resolve: ({ comparison }) => comparison.compared,
      }),
      failedTasks: t.int({
        description:
          'Tasks that succeeded, and that the shadow failed on; where it crashed or took too long, all of the batch.',
        resolve: ({ comparison }) => comparison.failed,
      }),
      durations: t.field({
        type: durationsRef,
        description: 'How long the version took.',
        resolve: ({ comparison: { latency, compute } }) => ({ latency, compute }),
      }),
      shadowDurations: t.field({
        type: durationsRef,
        description:
          'How long the shadow took. It waits until nothing else does, so that its latency is longer than it would be without tasks of others; its runs are not.',
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
    description: 'What came of trying shadows, over the tasks of all gateways that answered.',
    fields: (t) => ({
      model: t.expose('model', { type: modelRef, description: 'The model.' }),
      since: t.expose('since', {
        type: 'DateTime',
        nullable: true,
        description: 'Since when these shadows are tried: the figures begin here. Null if there are none.',
      }),
      gatewayCount: t.exposeInt('gatewayCount', {
        description: 'Gateways whose tasks are in it. What one that has ended had found out is lost.',
      }),
      versions: t.field({
        type: [versionsRef],
        description: 'One entry for each version and shadow of it that a task was sent to.',
        resolve: versionsOf,
      }),
    }),
  });

  const whatItIs =
    'compares the versions that answer the tasks of a model with the shadows that `setRollout` gave it. Errors: `BAD_USER_INPUT`. For operators (`FORBIDDEN`).';
  const modelArgument = 'Name of the model.';
  builder.queryField('rolloutComparison', (t) =>
    t.field({
      type: comparisonRef,
      description: `What is known now: ${whatItIs}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      resolve: async (_root, { model }, { comparisons, requireOperator }) => {
        await requireOperator();
        return comparisons.comparison(model);
      },
    }),
  );
  builder.subscriptionField('rolloutComparison', (t) =>
    t.field({
      type: comparisonRef,
      description: `What is known, at once and then every second: ${whatItIs}`,
      args: { model: t.arg.string({ required: true, description: modelArgument }) },
      subscribe: async (_root, { model }, { comparisons, requireOperator }) => {
        await requireOperator();
        return comparisons.watch(model);
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
      return [{ output: output.name, unit: 'unit' in output ? output.unit : undefined, differences }];
    }),
  }));
}

/** @returns undefined if no numbers were compared. */
function meanOf({ measured }: Differences, sum: number): number | undefined {
  return measured === 0 ? undefined : sum / measured;
}
