/** Writes names and texts in SQL. */

/** A column of a file. */
export interface FileColumn {
  /** From 0, in the file's order. */
  readonly index: number;
  /** The name in the file. It may be any text, also an empty one. */
  readonly name: string;
  /** The type, as DuckDB names it. */
  readonly type: string;
}

/** The name of a file's column in our tables. The file's own names could clash with ours, or occur twice. */
export function columnId({ index }: Pick<FileColumn, 'index'>): string {
  return `c${index}`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
