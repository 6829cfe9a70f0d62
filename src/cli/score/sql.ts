/** Names and texts as SQL has them. */

/** A column of a file. */
export interface FileColumn {
  /** From 0, in the file's order. */
  readonly index: number;
  /** As it stands in the file, whatever it is. */
  readonly name: string;
  /** As DuckDB calls it. */
  readonly type: string;
}

/** What our tables call a column of the file: a name of the file could be one of ours, or stand there twice. */
export function columnId({ index }: Pick<FileColumn, 'index'>): string {
  return `c${index}`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
