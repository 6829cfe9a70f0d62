/** What a version gives for hold-out rows, as figures are computed from it. */
import type { VersionRecord } from '../../src/contract/messages/versionRecord.ts';
import type { HoldOutRows, Target } from '../../src/data/holdOut.ts';
import { type Manifest, type ManifestOutput, numberOutputsOf } from '../../src/models/manifest.ts';
import type { Answer } from '../answer.ts';
import type { JudgedVersion } from './gate.ts';
import { figureOf, type Judged, type MetricName } from './metrics.ts';
import type { VersionRun } from './versionRun.ts';

export interface Judgement extends JudgedVersion {
  /** 95th percentiles, in milliseconds. */
  readonly runMs: number;
  readonly oneRowMs: number;
  /** The most memory of its process. */
  readonly peakBytes: number;
}

const OF_NUMBERS: readonly MetricName[] = ['rmse', 'mae', 'bias', 'r2'];
const OF_PROBABILITIES: readonly MetricName[] = ['auc', 'logLoss', 'accuracy'];
const OF_CLASSES: readonly MetricName[] = ['accuracy'];
/** The figures that have no unit. Those of `OF_NUMBERS` but r2 have that of their output. */
const WITHOUT_UNIT: ReadonlySet<MetricName> = new Set(['r2', 'auc', 'logLoss', 'accuracy']);

export async function judgementOf(
  run: VersionRun,
  { inputs, targets }: HoldOutRows,
  { manifest, signal }: { readonly manifest: Manifest; readonly signal: AbortSignal },
): Promise<Judgement> {
  const numbers = new Numbers();
  const outputs = new Map<string, Judged>();
  for (const [name, truth] of targets) {
    const actual = Float64Array.from(truth, (value) => numbers.of(name, value));
    outputs.set(name, { predicted: new Float64Array(inputs.length).fill(Number.NaN), actual });
  }
  const failed = new Set<number>();
  const take = (row: number, answers: Readonly<Record<string, Answer>> | undefined) => {
    for (const [name, { predicted }] of outputs) {
      const answer = answers?.[name];
      if (isTarget(answer)) predicted[row] = numbers.of(name, answer);
      else failed.add(row);
    }
  };
  await run.predict(inputs, take, signal);
  const full = Array.from(
    { length: manifest.batching.maxBatchSize },
    (_, i) => inputs[i % inputs.length] as (typeof inputs)[number],
  );
  const runMs = await run.p95Of(full, signal);
  const oneRowMs = await run.p95Of(full.slice(0, 1), signal);
  return { outputs, failedRows: failed.size, runMs, oneRowMs, peakBytes: run.peakBytes };
}

/** 1 for each row that every version has answered, else 0: figures are compared over the same rows. */
export function bothAnswered(candidate: Judgement, live: Judgement | undefined): Float64Array {
  const [first] = candidate.outputs.values();
  const rows = new Float64Array(first?.actual.length ?? 0).fill(1);
  for (const { outputs } of live === undefined ? [candidate] : [candidate, live])
    for (const { predicted } of outputs.values())
      for (const [row, value] of predicted.entries()) if (Number.isNaN(value)) rows[row] = 0;
  return rows;
}

/** All figures that the outputs with a target can have. */
export function metricsOf(
  { outputs }: JudgedVersion,
  rows: Float64Array,
  { manifest, data }: { readonly manifest: Manifest; readonly data: string },
): VersionRecord['metrics'] {
  return manifest.outputs.flatMap((output) => {
    const judged = outputs.get(output.name);
    if (judged === undefined) return [];
    return figuresFor(output, judged).flatMap((metric) => {
      const value = figureOf(metric, judged, isClass(output))(rows);
      const unit = WITHOUT_UNIT.has(metric) ? 'none' : unitOf(manifest, output.name);
      return Number.isFinite(value) ? [{ data, name: `${output.name} ${metric}`, unit, value }] : [];
    });
  });
}

function figuresFor(output: ManifestOutput, { actual, predicted }: Judged): readonly MetricName[] {
  if (isClass(output)) return OF_CLASSES;
  const isProbability =
    actual.every((value) => value === 0 || value === 1) &&
    predicted.every((value) => Number.isNaN(value) || (value >= 0 && value <= 1));
  return isProbability ? OF_PROBABILITIES : OF_NUMBERS;
}

function isClass({ type }: ManifestOutput): boolean {
  return type === 'string' || type === 'boolean';
}

function unitOf(manifest: Manifest, name: string): string {
  return numberOutputsOf(manifest).find((output) => output.name === name)?.unit ?? 'none';
}

function isTarget(answer: Answer | undefined): answer is Target {
  return ['number', 'string', 'boolean'].includes(typeof answer);
}

/** Numbers for all values: of each output, equal texts have equal ones. */
class Numbers {
  readonly #texts = new Map<string, number>();

  of(output: string, value: Target): number {
    if (typeof value === 'number') return value;
    if (typeof value === 'boolean') return value ? 1 : 0;
    const key = `${output} ${value}`;
    const known = this.#texts.get(key) ?? this.#texts.size;
    this.#texts.set(key, known);
    return known;
  }
}
