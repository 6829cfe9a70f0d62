/** Names and texts as SQL has them. */

/** A column of a file, with its DuckDB type. */
export interface FileColumn {
  readonly name: string;
  readonly type: string;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
