/** Ridge regression on one category and one number, solved exactly however many categories there are. */

export interface Row {
  readonly category: number;
  readonly x: number;
  readonly y: number;
}

/** y = intercept + slope · x + the category's weight. A category that no row had has none, which counts as 0. */
export interface Solution {
  readonly intercept: number;
  readonly slope: number;
  readonly weights: ReadonlyMap<number, number>;
}

/**
 * Minimises Σ(y − intercept − slope · x − weight)² + alpha · (slope² + Σ weight²); the intercept is free.
 *
 * Setting the derivative by one category's weight to zero gives
 *   weight = (Σy − slope · Σx − intercept · n) / (n + alpha), with the sums over its n rows.
 * Put into the derivatives by slope and intercept, this leaves two equations for those two:
 *   a · slope + b · intercept = d
 *   b · slope + c · intercept = e
 * So one pass over the rows is enough, and no matrix with a column for each category is ever built.
 *
 * @param rows at least one, all numbers finite.
 * @param alpha greater than 0, which is what makes the two equations solvable for any rows.
 */
export function solveRidge(rows: readonly Row[], alpha: number): Solution {
  const categories = new Map<number, { n: number; sumX: number; sumY: number }>();
  let [a, b, c, d, e] = [alpha, 0, 0, 0, 0];
  for (const { category, x, y } of rows) {
    const { n, sumX, sumY } = categories.get(category) ?? { n: 0, sumX: 0, sumY: 0 };
    categories.set(category, { n: n + 1, sumX: sumX + x, sumY: sumY + y });
    a += x * x;
    b += x;
    c += 1;
    d += x * y;
    e += y;
  }
  for (const { n, sumX, sumY } of categories.values()) {
    a -= (sumX * sumX) / (n + alpha);
    b -= (sumX * n) / (n + alpha);
    c -= (n * n) / (n + alpha);
    d -= (sumX * sumY) / (n + alpha);
    e -= (n * sumY) / (n + alpha);
  }
  const determinant = a * c - b * b;
  const slope = (d * c - e * b) / determinant;
  const intercept = (e * a - d * b) / determinant;

  const weights = new Map<number, number>();
  for (const [category, { n, sumX, sumY }] of categories) {
    weights.set(category, (sumY - slope * sumX - intercept * n) / (n + alpha));
  }
  return { intercept, slope, weights };
}
