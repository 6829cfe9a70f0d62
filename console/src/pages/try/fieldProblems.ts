/** What the gateway says against single values: `extensions.problems` of `BAD_USER_INPUT`. */
import { CombinedGraphQLErrors } from '@apollo/client';

export interface FieldProblem {
  readonly field: string;
  /** Of many rows, from 0. */
  readonly row: number | undefined;
  readonly message: string;
}

/** graphql's own words name the place of a value as `at .field`, or `at [3].field` of many rows. */
const PLACE = /has invalid value at (?:\[(\d+)\])?\.(\w+)[^:]*: (.*)/;

export function fieldProblemsIn(error: unknown): readonly FieldProblem[] {
  if (!CombinedGraphQLErrors.is(error)) return [];
  return error.errors.flatMap(({ message, extensions }) => {
    const { problems } = extensions ?? {};
    if (Array.isArray(problems)) return problems.map(problemOf);
    const place = PLACE.exec(message);
    if (place === null) return [];
    const [, row, field = '', words = ''] = place;
    return [{ field, row: row === undefined ? undefined : Number(row), message: words }];
  });
}

function problemOf({ field, row, expected, value }: Record<string, unknown>): FieldProblem {
  return {
    field: String(field),
    row: typeof row === 'number' ? row : undefined,
    message: `Must be ${expected}${value === undefined ? '' : `, got ${value}`}`,
  };
}
