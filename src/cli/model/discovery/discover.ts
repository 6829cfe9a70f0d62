/**
 * Finds out by trial runs what a manifest has to say about a graph: on which axis rows lie, which other axes vary, how
 * many rows a run may have. The shapes in a file are only a hint, because exporters write wrong ones.
 */
import type { Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import type { GraphSignature, GraphValue } from '../../../../workers/runtimes/onnx/signature.ts';
import type { Axis, Shape, TensorType } from '../../../models/manifest.ts';
import { axisNames } from './axisNames.ts';
import { findRange, type Range, SEARCH_MS } from './axisRange.ts';
import { findBase, findVariation, type Variation } from './baseSizes.ts';
import { proposeBatchSize } from './batchSize.ts';
import { type Base, freeNames, GraphTrials, type Sizes } from './graphTrials.ts';
import { findPadding, type Padding } from './padding.ts';
import { testRows, type Verdict } from './rowTest.ts';
import type { Answers, TrialRuns } from './trialRuns.ts';
import type { Port } from './trialValues.ts';
import { type View, viewsOf } from './views.ts';

/** An input or output of the graph as a manifest describes it. */
export interface FoundField {
  readonly tensor: string;
  readonly type: TensorType;
  readonly batchAxis: number | null;
  /** Of one row. Names are those of `axes`. */
  readonly shape: Shape;
}

interface FoundOutput extends FoundField {
  /** Whether it had numbers in the trial runs that are infinite or none. */
  readonly isOpen: boolean;
}

export interface Found {
  readonly inputs: readonly (FoundField & Pick<Port, 'hint'>)[];
  readonly outputs: readonly FoundOutput[];
  readonly axes: ReadonlyMap<string, Axis>;
  /** How rows of different sizes share a run; undefined if they do not. */
  readonly padding: Padding | undefined;
  /** Whether a run may have any number of rows. */
  readonly isBatched: boolean;
  readonly maxBatchSize: number;
  readonly fixedBatchSize: number | undefined;
  /** Rows that the graph answers. Their batch axis has the size 1. */
  readonly rows: readonly Columns[];
  /** What was decided, and why: a sentence each. */
  readonly decisions: readonly string[];
}

/** Why a graph cannot be described: it answers no row, or by chance. */
export class NotFound extends Error {
  readonly kind: 'noRun' | 'chance' | 'rank';

  constructor(kind: NotFound['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface DiscoverOptions {
  readonly runs: TrialRuns;
  readonly ports: readonly Port[];
  readonly signature: GraphSignature;
  /** The outputs that are served. */
  readonly outputs: readonly string[];
  /** The difference between equal answers, as a fraction of the largest number. */
  readonly relative: number;
  /** Whether operators make outputs whose size depends on the values of the inputs. */
  readonly hasOpenSizes: boolean;
  /** Whether numbers are scaled over a whole run, so that a row depends a little on the others. */
  readonly scalesOverRun: boolean;
  readonly runTimeoutMs: number;
}

/** The largest size of an axis that the graph alone decides. */
const OUTPUT_AXIS_MAXIMUM = 2 ** 20;
const GOLDEN_SEEDS = [1, 2, 3];
/** PyTorch names a size so that depends on values. It is open even if no input has an axis that varies. */
const MADE_UP_NAME = /_dim_\d+$/;
/** Rows of more elements are large in golden.json: one is enough. */
const MANY_ELEMENTS = 2 ** 18;

interface Choice {
  readonly base: Base;
  readonly verdict: Verdict | undefined;
  readonly decisions: readonly string[];
}

/** @throws {NotFound} if the graph answers no trial row, or by chance. */
export async function discover(options: DiscoverOptions): Promise<Found> {
  const { runs, ports, outputs } = options;
  const trials = new GraphTrials(runs, ports, outputs);
  const choice = await chooseView(trials, options);
  const variation = await findVariation(trials, choice.base);
  const settled = new GraphTrials(runs, variation.ports, outputs);
  const observations = await observe(settled, variation);
  const ranges = await findRanges(settled, variation);
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

async function chooseView(trials: GraphTrials, options: DiscoverOptions): Promise<Choice> {
  let reason = '';
  const others: Choice[] = [];
  for (const view of viewsOf(trials.ports)) {
    const base = await findBase(trials, view);
    if (base === undefined) {
      reason ||= trials.reason;
      continue;
    }
    if ([...view.axes.values()].every((axis) => axis === null))
      return others[0] ?? { base, verdict: undefined, decisions: [wholeDecision(options)] };
    // Outputs whose size depends on values differ in size from row to row: a few trial rows cannot show it.
    if ((view.fixed ?? 1) > 1 && hasOpenOutputs(options)) continue;
    const verdict = await testRows(trials, base, options.relative);
    if (verdict.kind === 'chance')
      throw new NotFound('chance', 'the same row is answered differently each time');
    if (verdict.kind === 'rows') return { base, verdict, decisions: rowsDecisions(view) };
    const choice = alternative(base, verdict, options);
    if (choice !== undefined) others.push(choice);
  }
  const [best] = others;
  if (best !== undefined) return best;
  throw new NotFound('noRun', reason);
}

/** Whether sizes of outputs are open although those of the inputs are fixed. */
function hasOpenOutputs({ hasOpenSizes, signature, outputs }: DiscoverOptions): boolean {
  const declared = signature.outputMetadata.filter(({ name }) => outputs.includes(name));
  return (
    hasOpenSizes || declared.some(({ shape = [] }) => shape.slice(1).some((size) => typeof size === 'string'))
  );
}

/** @returns how rows can be served one a run although they do not share runs; undefined if a whole tensor is better. */
function alternative(base: Base, verdict: Verdict, { scalesOverRun }: DiscoverOptions): Choice | undefined {
  if (verdict.kind === 'mixed' && scalesOverRun)
    return {
      base,
      verdict,
      decisions: [
        'one task a run: the graph scales its numbers over a whole run, so that rows would change each other',
      ],
    };
  if (verdict.kind === 'single' && base.view.fixed === undefined)
    return {
      base,
      verdict,
      decisions: [`one task a run: the graph takes one row, but not several (${verdict.reason})`],
    };
  if (verdict.kind === 'noAxis' && base.view.fixed === 1)
    return {
      base,
      verdict,
      decisions: [
        `one task a run: the graph takes one row, and its output ${verdict.output} has no axis for rows`,
      ],
    };
  return undefined;
}

function wholeDecision({ ports }: DiscoverOptions): string {
  const hasVarying = ports.some(({ dims }) => dims.some((size) => typeof size === 'string'));
  return hasVarying
    ? 'one task a run, with whole tensors: rows depend on each other, or the outputs have no place for each row'
    : 'one task a run, with whole tensors: the graph has no axis for rows';
}

function rowsDecisions({ axes, fixed }: View): readonly string[] {
  const without = [...axes].filter(([, axis]) => axis === null).map(([name]) => name);
  const moved = [...axes].filter(([, axis]) => axis !== null && axis > 0);
  return [
    ...moved.map(([name, axis]) => `the rows of ${name} lie on axis ${axis}`),
    ...(without.length > 0
      ? [`one task a run: ${without.join(', ')} is the same for all rows of a run`]
      : []),
    ...(fixed === 1 ? ['one task a run: the file says that a run has exactly 1 row'] : []),
    ...(fixed !== undefined && fixed > 1
      ? [`runs of exactly ${fixed} rows, as the file says: fewer are filled up with copies`]
      : []),
  ];
}

function fixedOf({ axes, fixed }: View): number | undefined {
  return fixed !== undefined && fixed > 1 && [...axes.values()].every((axis) => axis !== null)
    ? fixed
    : undefined;
}

function goldenRows(trials: GraphTrials, base: Base): readonly Columns[] {
  const [seed = 1, ...others] = GOLDEN_SEEDS;
  const first = trials.row(base, seed);
  const elements = Object.values(first).reduce((sum, { data }) => sum + data.length, 0);
  return elements > MANY_ELEMENTS ? [first] : [first, ...others.map((other) => trials.row(base, other))];
}

interface Observation {
  readonly sizes: Sizes;
  readonly answers: Answers;
}

/** Answers at the base sizes, and with each axis changed. */
async function observe(trials: GraphTrials, { base, steps }: Variation): Promise<readonly Observation[]> {
  const observations: Observation[] = [];
  const add = async (sizes: Sizes, seed: number) => {
    const run = await trials.takes({ ...base, sizes }, seed);
    if (run !== undefined) observations.push({ sizes, answers: run.answers });
  };
  for (const seed of GOLDEN_SEEDS) await add(base.sizes, seed);
  for (const [name, step] of steps)
    await add(new Map([...base.sizes, [name, (base.sizes.get(name) ?? 1) + step]]), 1);
  return observations;
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

/** By output: the batch axis, or null. */
function outputAxes(
  { base, verdict }: Choice,
  observations: readonly Observation[],
): ReadonlyMap<string, number | null> {
  const [first] = observations;
  const isFirst = (name: string) => observations.every(({ answers }) => answers[name]?.dims[0] === 1);
  return new Map(
    Object.keys(first?.answers ?? {}).map((name) => {
      if (verdict === undefined) return [name, null];
      if ('axes' in verdict) return [name, verdict.axes.get(name) ?? null];
      return [name, base.view.fixed === 1 || verdict.kind === 'single' ? (isFirst(name) ? 0 : null) : null];
    }),
  );
}

function inputFields(
  ports: readonly Port[],
  view: View,
  names: ReadonlyMap<string, string>,
): Found['inputs'] {
  return ports.map(({ name, type, dims, hint }) => {
    const batchAxis = view.axes.get(name) ?? null;
    const shape = dims
      .filter((_, i) => i !== batchAxis)
      .map((size) => (typeof size === 'string' ? (names.get(size) ?? size) : size));
    return { tensor: name, type, batchAxis, shape, hint };
  });
}

interface OutputFacts {
  readonly tensor: string;
  readonly batchAxes: ReadonlyMap<string, number | null>;
  readonly observations: readonly Observation[];
  readonly names: ReadonlyMap<string, string>;
  /** Gets the axes that only this output has. */
  readonly axes: Map<string, Axis>;
  readonly hasOpenSizes: boolean;
}

function outputField(value: GraphValue | undefined, facts: OutputFacts): FoundOutput {
  const { tensor, batchAxes, observations, names, axes, hasOpenSizes } = facts;
  const batchAxis = batchAxes.get(tensor) ?? null;
  const shapes = observations.map(({ answers }) =>
    (answers[tensor]?.dims ?? []).filter((_, i) => i !== batchAxis),
  );
  const [first = []] = shapes;
  if (shapes.some(({ length }) => length !== first.length))
    throw new NotFound('rank', `the output ${tensor} has another number of dimensions from run to run`);
  const declared = (value?.shape ?? []).filter((_, i) => i !== batchAxis);
  const shape = first.map((size, i) => {
    const sizes = shapes.map((dims) => dims[i] ?? 0);
    const isOpen =
      (hasOpenSizes &&
        typeof declared[i] !== 'number' &&
        !sizes.every((other) => isAxisOf(other, observations))) ||
      (names.size === 0 && MADE_UP_NAME.test(String(declared[i])));
    if (sizes.every((other) => other === size) && !isOpen) return size;
    const axis = [...names.keys()].find((name) =>
      observations.every(({ sizes: at }, run) => at.get(name) === sizes[run]),
    );
    if (axis !== undefined) return names.get(axis) ?? axis;
    const own = ownAxis(declared[i], tensor, i, axes);
    axes.set(own, { minimum: 0, maximum: OUTPUT_AXIS_MAXIMUM });
    return own;
  });
  const isOpen = observations.some(({ answers }) => answers[tensor]?.data.some(isNotFinite));
  return { tensor, type: (value?.type ?? 'float32') as TensorType, batchAxis, shape, isOpen };
}

function isNotFinite(element: unknown): boolean {
  return typeof element === 'number' && !Number.isFinite(element);
}

function isAxisOf(size: number, observations: readonly Observation[]): boolean {
  return observations.some(({ sizes }) => [...sizes.values()].includes(size));
}

function ownAxis(
  declared: number | string | undefined,
  tensor: string,
  place: number,
  axes: ReadonlyMap<string, Axis>,
): string {
  const plain = (text: string) => text.replaceAll(/\W+/g, '_').replace(/^[^A-Za-z]+/, '');
  const wanted =
    typeof declared === 'string' && /^[a-zA-Z]\w*$/.test(declared) && !/^unk__/.test(declared)
      ? declared
      : `${plain(tensor) || 'output'}_${place}`;
  let name = wanted.slice(0, 60);
  for (let number = 2; axes.has(name); number++) name = `${wanted.slice(0, 57)}_${number}`;
  return name;
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
