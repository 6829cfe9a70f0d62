/** The outcomes of benchmarks as Markdown. */
import type { Budget } from './benchmark.ts';
import { median, pairedRatios } from './numbers.ts';
import type { MeasuredFigure, Outcome } from './run.ts';

/** The table of one benchmark: minimum, median and maximum of each figure, and its budget. */
export function table(outcome: Outcome): string {
  const { figures } = outcome;
  if (figures.some(({ row }) => row !== undefined)) return wideTable(outcome);
  const rows = figures.map(({ name, digits, values, budget }) => [
    name,
    ...[Math.min(...values), median(values), Math.max(...values)].map((value) => shown(value, digits)),
    budgetCell(values, budget),
  ]);
  return markdown([head(outcome), 'minimum', 'median', 'maximum', 'budget'], rows);
}

/** A table with a column for each name of figures: the median, and in parentheses minimum and maximum of several runs. */
function wideTable(outcome: Outcome): string {
  const { figures } = outcome;
  const columns = [...new Set(figures.map(({ name }) => name))];
  const rows = [...new Set(figures.map(({ row }) => row ?? ''))];
  const cell = (row: string, column: string) => {
    const found = figures.find((figure) => figure.row === row && figure.name === column);
    return found === undefined ? '' : wideCell(found);
  };
  return markdown(
    [head(outcome), ...columns],
    rows.map((row) => [row, ...columns.map((column) => cell(row, column))]),
  );
}

function wideCell({ digits, values, budget }: MeasuredFigure): string {
  const middle = shown(median(values), digits);
  const range = [Math.min(...values), Math.max(...values)].map((value) => shown(value, digits));
  const spread = values.length === 1 ? '' : ` (${range.join(' to ')})`;
  return `${middle}${spread} ${budgetCell(values, budget)}`.trim();
}

function head({ name, about, repetitions }: Outcome): string {
  return `${name}: ${about}; ${repetitions} ×`;
}

function budgetCell(values: readonly number[], budget: Budget | undefined): string {
  return budget === undefined ? '' : `${budgetText(budget)} ${isMet(budget, median(values)) ? '✓' : '✗'}`;
}

/**
 * The table of one benchmark on two revisions: the median of each, and the median, the smallest and the largest of the
 * ratios of neighbouring repetitions.
 */
export function comparison({ name, repetitions, figures }: Outcome, against: string): string {
  const rows = figures.map(({ name, row, digits, values, against: theirs = [] }: MeasuredFigure) => {
    const ratios = pairedRatios(values, theirs);
    const [middle, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) =>
      shown(ratio, 2),
    );
    return [
      row === undefined ? name : `${row}, ${name}`,
      shown(median(values), digits),
      shown(median(theirs), digits),
      `${middle} (${least} to ${most})`,
    ];
  });
  return markdown([`${name}, ${repetitions} × each`, 'this', against, 'this / that'], rows);
}

/** Aligns the first column to the left, and the others to the right. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(['---', ...head.slice(1).map(() => '---:')]), ...rows.map(line)].join('\n');
}

function shown(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function budgetText(budget: Budget): string {
  return 'atLeast' in budget
    ? `≥ ${budget.atLeast.toLocaleString('en-US')}`
    : `≤ ${budget.atMost.toLocaleString('en-US')}`;
}

function isMet(budget: Budget, value: number): boolean {
  return 'atLeast' in budget ? value >= budget.atLeast : value <= budget.atMost;
}
