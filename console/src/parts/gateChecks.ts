/** The checks of a gate for people: what each is called, in which unit, and how a new version did beside the live one. */
import type { CheckPartsFragment } from '../api/gql/graphql.ts';
import { shownBytes, shownCount, shownNumber } from './figures.ts';
import { wordsOf } from './names.ts';
import { isUnit } from './units.ts';

/** Its name is a condition in words, such as `priceUsd rmse at most`. */
export type Check = CheckPartsFragment;

export interface ReadCheck extends Check {
  /** Such as "Price usd, RMSE". The limit of a figure and its ratio to the live version have the same. */
  readonly label: string;
  /** Such as "at most 6". */
  readonly limitText: string;
  /** Null if it has none, or if `shown` has it. */
  readonly unit: string | null;
  /** How much worse it is than the live version, below 0 if it is better; null if that is not known. */
  readonly worseBy: number | null;
  readonly shown: (value: number) => string;
}

export interface Output {
  readonly name: string;
  readonly unit: string | null;
}

const FIGURES: Readonly<Record<string, string>> = {
  ...{ rmse: 'RMSE', mae: 'MAE', bias: 'bias', logLoss: 'log loss' },
  ...{ r2: 'R²', auc: 'area under the curve', accuracy: 'accuracy' },
};
/** Of the others, more is better. */
const LESS_IS_BETTER = new Set(['rmse', 'mae', 'bias', 'logLoss']);
const HAS_UNIT = new Set(['rmse', 'mae', 'bias']);
const OF_OUTPUT = /^(\S+) (rmse|mae|bias|r2|auc|logLoss|accuracy)(?: of (.+))? (at most|at least|to live)$/;
/** Trainers name a figure `price rmse`, recipes `RMSE of price`. */
const BY_TRAINER = /^(\S+) (rmse|mae|bias|r2|auc|logLoss|accuracy)$/;
const BY_RECIPE = /^(rmse|mae|bias|r2) of (\S+)$/i;

/** @param outputs those of the model, for their units; none where no unit is shown. */
export function readCheck(check: Check, outputs: readonly Output[] = []): ReadCheck {
  const { name, observed, live, limit } = check;
  const [, output, metric = '', slice, condition] = OF_OUTPUT.exec(name) ?? [];
  if (output === undefined) return readOther(check);
  const unit = outputs.find((each) => each.name === output)?.unit ?? null;
  const isLessBetter = LESS_IS_BETTER.has(metric);
  // Of a bias its size counts, not its direction.
  const sizeOf = (value: number) => (metric === 'bias' ? Math.abs(value) : value);
  return {
    ...check,
    label: `${labelOfFigure(output, metric)}${slice === undefined ? '' : `, rows of ${slice}`}`,
    limitText:
      limit === null
        ? '–'
        : condition === 'to live'
          ? `at ${isLessBetter ? 'most' : 'least'} ${shownNumber(limit)} × live`
          : `${condition} ${shownNumber(limit)}`,
    worseBy:
      observed === null || live === null ? null : (sizeOf(observed) - sizeOf(live)) * (isLessBetter ? 1 : -1),
    unit: HAS_UNIT.has(metric) && isUnit(unit) ? unit : null,
    shown: shownNumber,
  };
}

/** The name of a figure in the record of a version, such as "Price usd, RMSE". */
export function labelOfMetric(name: string): string {
  const [, output, metric] = BY_TRAINER.exec(name) ?? [];
  if (output !== undefined && metric !== undefined) return labelOfFigure(output, metric);
  const [, figure, ofOutput] = BY_RECIPE.exec(name) ?? [];
  return figure === undefined || ofOutput === undefined
    ? name
    : labelOfFigure(ofOutput, figure.toLowerCase());
}

function labelOfFigure(output: string, metric: string): string {
  return `${wordsOf(output)}, ${FIGURES[metric] ?? metric}`;
}

/** The figures that are worse than those of the live version, each once. */
export function worseFigures(checks: readonly ReadCheck[]): readonly ReadCheck[] {
  return figuresOf(checks).filter(({ worseBy }) => (worseBy ?? 0) > 0);
}

/** Such as "worse than the live version"; null if no figure is known to be worse. */
export function worseThanLive(checks: readonly ReadCheck[]): string | null {
  const worse = worseFigures(checks).length;
  if (worse === 0) return null;
  const isBetterToo = figuresOf(checks).some(({ worseBy }) => (worseBy ?? 0) < 0);
  return `${isBetterToo ? 'in part ' : ''}worse than the live version`;
}

/** A figure with a limit and a ratio is there once. */
function figuresOf(checks: readonly ReadCheck[]): readonly ReadCheck[] {
  return [...new Map(checks.map((check) => [check.label, check])).values()];
}

/** Those that are about no output. */
function readOther(check: Check): ReadCheck {
  const { name, observed, live, limit } = check;
  const [label, shown] = OTHERS[name] ?? [name, shownNumber];
  return {
    ...check,
    label,
    limitText: limit === null ? '–' : `at most ${shown(limit)}`,
    worseBy: observed === null || live === null ? null : observed - live,
    unit: null,
    shown,
  };
}

const OTHERS: Readonly<Record<string, readonly [label: string, shown: (value: number) => string]>> = {
  'failed rows': ['Rows that it fails', shownCount],
  'run of a full batch, ms': ['Run of a full batch, 95 % within', (value) => `${shownNumber(value)} ms`],
  bytes: ['Size of its files', shownBytes],
};
