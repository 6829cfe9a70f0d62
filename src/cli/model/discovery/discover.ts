/**
 * Finds out by trial runs what a manifest has to say about a graph: on which axis rows lie, which other axes vary, how
 * many rows a run may have. The shapes in a file are only a hint, because exporters write wrong ones.
 */
import type { Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import type { Axis } from '../../../models/manifest.ts';
import { axisNames } from './axisNames.ts';
import { findRange, type Range, SEARCH_MS } from './axisRange.ts';
import { findVariation, type Variation } from './baseSizes.ts';
import { proposeBatchSize } from './batchSize.ts';
import { inputFields, observe, outputAxes, outputField, SEEDS } from './fields.ts';
import type { DiscoverOptions, Found } from './found.ts';
import { type Base, freeNames, GraphTrials } from './graphTrials.ts';
import { findPadding } from './padding.ts';
import { chooseView, fixedOf } from './viewChoice.ts';

/** Rows of more elements are large in golden.json: one is enough. */
const MANY_ELEMENTS = 2 ** 18;

/** @throws {NotFound} if the graph answers no trial row, or by chance. */
export async function discover(options: DiscoverOptions): Promise<Found> {
  const { runs, ports, outputs } = options;
  const trials = new GraphTrials(runs, ports, outputs);
  const choice = await chooseView(trials, options);
  const variation = await findVariation(trials, choice.base);
  const settled = new GraphTrials(runs, variation.ports, outputs);
  const ranges = await findRanges(settled, variation);
  const observations = await observe(settled, variation, ranges);
  const batchAxes = outputAxes(choice, observations);
  const names = axisNames(variation.ports, choice.base.view, [...ranges.keys()]);
  const axes = new Map<string, Axis>(
    [...ranges].map(([name, { minimum, maximum }]) => [names.get(name) ?? name, { minimum, maximum }]),
  );
  const fields = outputs.map((tensor) => {
    const value = options.signature.outputMetadata.find(({ name }) => name === tensor);
    return outputField(value, {
      tensor,
      batchAxes,
      observations,
      names,
      axes,
      hasOpenSizes: options.hasOpenSizes,
    });
  });
  const inputs = inputFields(variation.ports, choice.base.view, names);
  const isBatched =
    choice.verdict?.kind === 'rows' &&
    choice.base.view.fixed === undefined &&
    [...inputs, ...fields].every(({ batchAxis }) => batchAxis !== null);
  const fixedBatchSize = choice.verdict?.kind === 'rows' ? fixedOf(choice.base.view) : undefined;
  const maxBatchSize = isBatched
    ? await proposeBatchSize(settled, choice.base, options.runTimeoutMs)
    : (fixedBatchSize ?? 1);
  const padding =
    isBatched && maxBatchSize > 1
      ? await findPadding({
          trials: settled,
          base: choice.base,
          relative: options.relative,
          ranges,
          names,
          outputs: fields,
        })
      : undefined;
  return {
    inputs,
    outputs: fields,
    axes,
    padding,
    isBatched,
    maxBatchSize,
    fixedBatchSize,
    rows: goldenRows(settled, choice.base),
    decisions: [...choice.decisions, ...rangeDecisions(ranges, names)],
  };
}

function goldenRows(trials: GraphTrials, base: Base): readonly Columns[] {
  const [seed = 1, ...others] = SEEDS;
  const first = trials.row(base, seed);
  const elements = Object.values(first).reduce((sum, { data }) => sum + data.length, 0);
  return elements > MANY_ELEMENTS ? [first] : [first, ...others.map((other) => trials.row(base, other))];
}

async function findRanges(
  trials: GraphTrials,
  { base, steps }: Variation,
): Promise<ReadonlyMap<string, Range>> {
  const until = performance.now() + SEARCH_MS;
  const ranges = new Map<string, Range>();
  for (const name of freeNames(trials.ports, base.view)) {
    const step = steps.get(name);
    if (step !== undefined) ranges.set(name, await findRange(trials, base, name, step, until));
  }
  return ranges;
}

function rangeDecisions(
  ranges: ReadonlyMap<string, Range>,
  names: ReadonlyMap<string, string>,
): readonly string[] {
  return [...ranges].map(([name, { minimum, maximum, failed }]) => {
    const why =
      failed === undefined ? 'larger ones were not tried' : `${failed.size} fails: ${failed.reason}`;
    return `${names.get(name) ?? name} varies from ${minimum} to ${maximum} (${why})`;
  });
}
