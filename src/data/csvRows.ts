/**
 * Reads the rows of a CSV exactly by RFC 4180. No rule is guessed from the rows, so that the same rules hold for the
 * first row and the last, however large the file is.
 *
 * A cell is quoted if its first character is a quote. Elsewhere a quote is a character like any other, and so are
 * spaces and `#`. Lines end with LF or CRLF. An empty cell is missing (null), `""` is an empty text. If it is unclear
 * where a row ends, the file is refused. If a row has too many cells or too few, that row has a problem.
 */
import { DataFault } from './dataFault.ts';

export interface CsvRow {
  /** In the order of the columns: an empty cell is null, those of a short row end early, extra ones are left out. */
  readonly cells: readonly (string | null)[];
  /** The line in which the row begins, counted from 1. */
  readonly line: number;
  /** Why the row cannot be scored. */
  readonly problem: string | null;
}

/**
 * The most characters of a row. A row may span lines and is held in memory, so one extra quote could load a whole file.
 */
const MAX_ROW_CHARACTERS = 64 * 1024 * 1024;
const MAX_COLUMNS = 10_000;

const QUOTE = 0x22;
const SPACED_QUOTE = /^[ \t]+"/;
const LF = 0x0a;
const CR = 0x0d;

type State = 'cellStart' | 'unquoted' | 'quoted' | 'quoteInQuoted' | 'afterCr';

/** Takes a text in pieces and returns its rows. The first row of the text has the names of the columns. */
export class CsvReader {
  readonly #file: string;
  readonly #delimiter: number;
  #state: State = 'cellStart';
  /** The present cell: its text from earlier pieces, and whether it is quoted. */
  #earlier = '';
  #isQuoted = false;
  #cells: (string | null)[] = [];
  #cellCount = 0;
  #rowCharacters = 0;
  #hasNul = false;
  #hasSpacedQuote = false;
  /** Lines are counted from 1. */
  #line = 1;
  #rowLine = 1;
  #quoteLine = 1;
  #columnNames: readonly string[] | undefined;

  /** @param file the path as the user wrote it. */
  constructor(file: string, delimiter: string) {
    this.#file = file;
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Undefined until the first row is read. */
  get columnNames(): readonly string[] | undefined {
    return this.#columnNames;
  }

  /** @returns the rows that end in this piece. @throws {DataFault} if it is unclear where a row ends. */
  push(piece: string): readonly CsvRow[] {
    const rows: CsvRow[] = [];
    let start = 0;
    for (let i = 0; i < piece.length; i++) {
      const code = piece.charCodeAt(i);
      if (code === 0) this.#hasNul = true;
      if (code === LF) this.#line++;
      switch (this.#state) {
        case 'cellStart':
          if (code === QUOTE) {
            this.#state = 'quoted';
            this.#isQuoted = true;
            this.#quoteLine = this.#line;
            start = i + 1;
            continue;
          }
          this.#state = 'unquoted';
          start = i;
          break;
        case 'quoted':
          if (code !== QUOTE) continue;
          this.#earlier += piece.slice(start, i);
          this.#state = 'quoteInQuoted';
          continue;
        case 'quoteInQuoted':
          if (code !== QUOTE) break;
          // Two quotes stand for one. The second is the first character of the next slice.
          this.#state = 'quoted';
          start = i;
          continue;
        case 'afterCr':
          if (code !== LF) throw this.#refusal(this.#line, CR_ALONE);
          this.#endRow(rows);
          start = i + 1;
          continue;
      }
      if (code === this.#delimiter) {
        this.#endCell(piece.slice(start, i));
        start = i + 1;
      } else if (code === LF) {
        this.#endCell(piece.slice(start, i));
        this.#endRow(rows);
        start = i + 1;
      } else if (code === CR) {
        this.#endCell(piece.slice(start, i));
        this.#state = 'afterCr';
      } else if (this.#state === 'quoteInQuoted')
        throw this.#refusal(this.#quoteLine, this.#textAfterQuote());
    }
    this.#keep(piece.slice(start));
    return rows;
  }

  /** @returns the last row, if no line end follows it. @throws as `push`. */
  end(): readonly CsvRow[] {
    const rows: CsvRow[] = [];
    if (this.#state === 'quoted')
      throw this.#refusal(this.#quoteLine, 'a quoted cell begins here and never ends.');
    if (this.#state === 'afterCr') throw this.#refusal(this.#line, CR_ALONE);
    if (this.#state === 'cellStart' && this.#cellCount === 0) return rows;
    this.#endCell('');
    this.#endRow(rows);
    return rows;
  }

  /** Keeps the text of a cell that goes on in the next piece. */
  #keep(part: string): void {
    if (this.#state === 'unquoted' || this.#state === 'quoted') this.#earlier += part;
    this.#checkSize(this.#earlier.length);
  }

  #endCell(part: string): void {
    const text = this.#state === 'unquoted' ? this.#earlier + part : this.#earlier;
    // Some programs write a quoted cell so, others a cell that is not quoted.
    if (!this.#isQuoted && SPACED_QUOTE.test(text)) this.#hasSpacedQuote = true;
    this.#cellCount++;
    const limit = this.#columnNames?.length ?? MAX_COLUMNS;
    if (this.#cellCount <= limit) this.#cells.push(text === '' && !this.#isQuoted ? null : text);
    this.#rowCharacters += text.length;
    this.#checkSize(0);
    this.#earlier = '';
    this.#isQuoted = false;
    this.#state = 'cellStart';
  }

  #endRow(rows: CsvRow[]): void {
    if (this.#columnNames === undefined) this.#columnNames = this.#readNames();
    else rows.push(this.#row(this.#columnNames.length));
    this.#state = 'cellStart';
    this.#cells = [];
    this.#cellCount = 0;
    this.#rowCharacters = 0;
    this.#hasNul = false;
    this.#hasSpacedQuote = false;
    this.#rowLine = this.#line;
  }

  #readNames(): readonly string[] {
    if (this.#cellCount > MAX_COLUMNS)
      throw this.#refusal(1, `there must be at most ${MAX_COLUMNS} columns, got ${this.#cellCount}.`);
    if (this.#hasNul) throw this.#refusal(1, 'the names of the columns have NUL characters.');
    if (this.#hasSpacedQuote)
      throw this.#refusal(1, 'a name has a space before its quote: leave one of them out.');
    return this.#cells.map((name) => name ?? '');
  }

  #row(columnCount: number): CsvRow {
    const problem = this.#rowProblem(columnCount);
    return { cells: this.#cells, line: this.#rowLine, problem };
  }

  #rowProblem(columnCount: number): string | null {
    const isBlank = this.#cellCount === 1 && this.#cells[0] === null;
    if (isBlank && columnCount > 1) return `line ${this.#rowLine} is blank`;
    if (this.#cellCount !== columnCount)
      return `line ${this.#rowLine} must have as many cells as the first line, ${columnCount}, got ${this.#cellCount}`;
    if (this.#hasSpacedQuote)
      return `line ${this.#rowLine} has a cell with a space before its quote: leave one of them out`;
    return this.#hasNul ? `line ${this.#rowLine} has a NUL character` : null;
  }

  #checkSize(open: number): void {
    if (this.#rowCharacters + open <= MAX_ROW_CHARACTERS) return;
    throw this.#refusal(this.#rowLine, `a row must have at most ${MAX_ROW_CHARACTERS} characters.`);
  }

  #textAfterQuote(): string {
    const end = this.#line === this.#quoteLine ? '' : ` in line ${this.#line}`;
    return `the quoted cell that begins here ends${end}, and text follows its last quote. A quote within a quoted cell is written twice ("").`;
  }

  #refusal(line: number, problem: string): DataFault {
    return new DataFault(`${this.#file}, line ${line}: ${problem}`);
  }
}

const CR_ALONE =
  'a carriage return (CR) stands without a line feed (LF). Lines must end with LF or CRLF, and a cell with a CR must be quoted.';
