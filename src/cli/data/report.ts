/** Prints reports of datasets to a terminal. */
import { formatTable } from '../model/tables.ts';

export interface DatasetView {
  readonly name: string;
  readonly digest: string;
  readonly model: string;
  readonly createdAt: string;
  readonly rowCount: number;
  readonly duplicates: number;
  readonly usable: boolean;
  readonly files: readonly { readonly name: string }[];
  readonly problems: readonly { readonly message: string }[];
  readonly columns: readonly ColumnView[];
}

interface ColumnView {
  readonly column: string;
  readonly input: string | null;
  readonly type: string;
  readonly nulls: number;
  readonly outside: number;
  readonly least: string | null;
  readonly most: string | null;
  readonly psi: number | null;
}

/** What a query must ask for. */
export const DATASET_FIELDS = `name digest model createdAt rowCount duplicates usable files { name } problems { message }
  columns { column input type nulls outside least most psi }`;

const LONGEST_CELL = 30;
const SHOWN_DIGEST = 12;
/** Stands for what is not known. */
const NONE = '–';

/** The report, with one line for each column. */
export function formatReport(dataset: DatasetView): string {
  const { name, digest, rowCount, duplicates, usable, files, problems, columns } = dataset;
  const counted = `rows: ${rowCount}, of them equal to an earlier one: ${duplicates}, files: ${files.length}`;
  const table = formatTable([
    ['column', 'input', 'type', 'missing', 'outside', 'least', 'most', 'PSI'],
    ...columns.map(({ column, input, type, nulls, outside, least, most, psi }) => [
      cut(column),
      input ?? NONE,
      cut(type),
      String(nulls),
      String(outside),
      cut(least ?? NONE),
      cut(most ?? NONE),
      psi === null ? NONE : psi.toFixed(3),
    ]),
  ]);
  const parts = [
    `${name} ${digest.slice(0, SHOWN_DIGEST)}: ${counted}`,
    ...(columns.length === 0 ? [] : [table]),
    ...(problems.length === 0 ? [] : [problems.map(({ message }) => `- ${message}`).join('\n')]),
    usable ? `usable. Its digest is ${digest}` : 'unusable: no model is trained on it',
  ];
  return parts.join('\n\n');
}

/** One line for each dataset. */
export function formatDatasets(datasets: readonly DatasetView[]): string {
  if (datasets.length === 0) return 'There are no datasets.';
  return formatTable([
    ['name', 'digest', 'model', 'checked', 'files', 'rows', 'verdict'],
    ...datasets.map(({ name, digest, model, createdAt, files, rowCount, usable, problems }) => [
      name,
      digest.slice(0, SHOWN_DIGEST),
      model,
      createdAt.slice(0, 19),
      String(files.length),
      String(rowCount),
      usable ? 'usable' : `unusable: ${cut(problems[0]?.message ?? '', 80)}`,
    ]),
  ]);
}

function cut(text: string, length = LONGEST_CELL): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
