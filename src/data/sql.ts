/** Writes names and texts of files, in SQL and in messages. */

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

const SHOWN_COLUMNS = 30;
const SHOWN_CHARACTERS = 60;
const PLAIN_NAME = /^[\w.-]{1,60}$/;

/** The name for messages: in quotes, unless it is short and has only letters, digits and `_ . -`. */
export function shownName(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  return JSON.stringify(name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}…` : name);
}

/** The first names, for messages. */
export function namesOf(columns: readonly FileColumn[]): string {
  const names = columns.slice(0, SHOWN_COLUMNS).map(({ name }) => shownName(name));
  const others = columns.length - names.length;
  return names.join(', ') + (others > 0 ? ` and ${others} others` : '');
}
