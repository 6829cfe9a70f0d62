/**
 * The figures by which versions are judged. Each is computed from weighted rows, so a resample of the rows is only
 * another list of weights, and the order of the scores, which `auc` needs, is found once.
 */
import type { MetricGate } from '../../src/models/training.ts';

export type MetricName = MetricGate['metric'];

/** What a version predicted for rows whose truth is known. Texts and booleans are numbers here: equal ones are equal. */
export interface Judged {
  readonly predicted: Float64Array;
  readonly actual: Float64Array;
}

/** A figure, as a function of the weight of each row. It is NaN if the rows do not define it. */
export type Figure = (weights: Float64Array) => number;

/** From here on a probability stands for the answer yes. */
const THRESHOLD = 0.5;
/** Probabilities of 0 and 1 would make the logarithm infinite. */
const LEAST_PROBABILITY = 1e-15;

/** The figures of which less is better. `bias` is good near 0. */
export function isLessBetter(metric: MetricName): boolean {
  return metric === 'rmse' || metric === 'mae' || metric === 'bias' || metric === 'logLoss';
}

/** @param areClasses whether the values are texts or booleans, of which only equality counts. */
export function figureOf(metric: MetricName, judged: Judged, areClasses: boolean): Figure {
  const { predicted, actual } = judged;
  const errorOf = (row: number) => at(predicted, row) - at(actual, row);
  switch (metric) {
    case 'rmse':
      return (weights) => Math.sqrt(meanOf(weights, (row) => errorOf(row) ** 2));
    case 'mae':
      return (weights) => meanOf(weights, (row) => Math.abs(errorOf(row)));
    case 'bias':
      return (weights) => meanOf(weights, errorOf);
    case 'r2':
      return (weights) => r2Of(weights, actual, errorOf);
    case 'logLoss':
      return (weights) =>
        meanOf(weights, (row) => -Math.log(likelihood(at(predicted, row), at(actual, row))));
    case 'accuracy':
      return (weights) =>
        meanOf(weights, (row) => (isRight(at(predicted, row), at(actual, row), areClasses) ? 1 : 0));
    case 'auc':
      return aucOf(judged);
  }
}

function meanOf(weights: Float64Array, valueAt: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < weights.length; row++) {
    const weight = at(weights, row);
    if (weight === 0) continue;
    sum += weight * valueAt(row);
    total += weight;
  }
  return sum / total;
}

/** The coefficient of determination: the part of the variance that the predictions explain. */
function r2Of(weights: Float64Array, actual: Float64Array, errorOf: (row: number) => number): number {
  const mean = meanOf(weights, (row) => at(actual, row));
  const variance = meanOf(weights, (row) => (at(actual, row) - mean) ** 2);
  return variance === 0 ? Number.NaN : 1 - meanOf(weights, (row) => errorOf(row) ** 2) / variance;
}

function likelihood(probability: number, actual: number): number {
  const bounded = Math.min(Math.max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
  return actual >= THRESHOLD ? bounded : 1 - bounded;
}

function isRight(predicted: number, actual: number, areClasses: boolean): boolean {
  return areClasses ? predicted === actual : predicted >= THRESHOLD === actual >= THRESHOLD;
}

/** The area under the ROC curve: how often a row of yes has a higher score than one of no. Equal scores count half. */
function aucOf({ predicted, actual }: Judged): Figure {
  // A row without an answer has no place in the order.
  const answered = [...predicted.keys()].filter((row) => !Number.isNaN(predicted[row]));
  const order = Uint32Array.from(answered).sort((a, b) => at(predicted, a) - at(predicted, b));
  return (weights) => {
    let won = 0;
    let yes = 0;
    let no = 0;
    for (let from = 0; from < order.length; ) {
      const score = at(predicted, order[from] ?? 0);
      let yesHere = 0;
      let noHere = 0;
      for (; from < order.length && at(predicted, order[from] ?? 0) === score; from++) {
        const row = order[from] ?? 0;
        if (at(actual, row) >= THRESHOLD) yesHere += at(weights, row);
        else noHere += at(weights, row);
      }
      won += yesHere * (no + noHere / 2);
      yes += yesHere;
      no += noHere;
    }
    return yes === 0 || no === 0 ? Number.NaN : won / (yes * no);
  };
}

function at(values: Float64Array, row: number): number {
  return values[row] ?? Number.NaN;
}
