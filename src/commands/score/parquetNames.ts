/**
 * The names of the columns of a Parquet file, put in their place after it is written: DuckDB refuses an empty name, and
 * changes one that differs from another by its case only.
 *
 * They stand in the footer at the end of the file, in Thrift's compact encoding, in which nothing tells where anything
 * else is: a name is replaced by a longer one without another change.
 */
import { type FileHandle, open } from 'node:fs/promises';

/** Behind the footer: its length, and the magic. */
const TAIL_BYTES = 8;

/** Types of the compact encoding that are not skipped by their size alone. */
const Thrift = {
  True: 1,
  False: 2,
  Byte: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  Double: 7,
  Binary: 8,
  List: 9,
  Set: 10,
  Struct: 12,
} as const;

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * @param names by the name that the file was written with, each of them there once.
 */
export async function renameParquetColumns(file: string, names: ReadonlyMap<string, string>): Promise<void> {
  const opened = await open(file, 'r+');
  try {
    const { size } = await opened.stat();
    const tail = await readAt(opened, size - TAIL_BYTES, TAIL_BYTES);
    const start = size - TAIL_BYTES - tail.readUInt32LE(0);
    const footer = renamed(await readAt(opened, start, size - TAIL_BYTES - start), names);
    tail.writeUInt32LE(footer.length, 0);
    await opened.truncate(start);
    await opened.write(Buffer.concat([footer, tail]), 0, footer.length + TAIL_BYTES, start);
    await opened.sync();
  } finally {
    await opened.close();
  }
}

async function readAt(opened: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await opened.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error(`expected ${length} bytes at ${position}, got ${bytesRead}`);
  return buffer;
}

function renamed(footer: Buffer, names: ReadonlyMap<string, string>): Buffer {
  const edits = new FooterNames(footer, names).edits();
  const parts: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of edits) {
    const bytes = Buffer.from(text);
    parts.push(footer.subarray(at, from), varint(bytes.length), bytes);
    at = to;
  }
  return Buffer.concat([...parts, footer.subarray(at)]);
}

/** Finds the names in a footer. Fields are known by their numbers in parquet.thrift. */
class FooterNames {
  readonly #bytes: Buffer;
  readonly #names: ReadonlyMap<string, string>;
  readonly #edits: Edit[] = [];
  #at = 0;

  constructor(bytes: Buffer, names: ReadonlyMap<string, string>) {
    this.#bytes = bytes;
    this.#names = names;
  }

  edits(): readonly Edit[] {
    this.#struct({ 2: () => this.#schema(), 4: () => this.#list(() => this.#rowGroup()) });
    return this.#edits;
  }

  /** The root, then each column, followed by what it consists of. */
  #schema(): void {
    let inner = 0;
    let isRoot = true;
    this.#list(() => {
      const isColumn = !isRoot && inner === 0;
      if (inner > 0) inner--;
      let children = 0;
      this.#struct({
        4: () => this.#name(isColumn),
        5: () => {
          children = this.#varint() / 2;
        },
      });
      if (!isRoot) inner += children;
      isRoot = false;
    });
  }

  #rowGroup(): void {
    // columns → meta_data → path_in_schema, of which the first is the column.
    const path = () => {
      let isColumn = true;
      this.#list(() => {
        this.#name(isColumn);
        isColumn = false;
      });
    };
    this.#struct({ 1: () => this.#list(() => this.#struct({ 3: () => this.#struct({ 3: path }) })) });
  }

  #name(isColumn: boolean): void {
    const from = this.#at;
    const length = this.#varint();
    const name = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    const text = isColumn ? this.#names.get(name) : undefined;
    if (text !== undefined) this.#edits.push({ from, to: this.#at, text });
  }

  /** @param readers of fields, by their numbers; all others are skipped. */
  #struct(readers: Readonly<Record<number, () => void>>): void {
    let id = 0;
    for (;;) {
      const header = this.#byte();
      if (header === 0) return;
      const type = header & 0x0f;
      const delta = header >>> 4;
      id = delta === 0 ? zigzag(this.#varint()) : id + delta;
      const read = readers[id];
      if (read === undefined) this.#skip(type);
      else read();
    }
  }

  #list(item: (type: number) => void): void {
    const header = this.#byte();
    const short = header >>> 4;
    const size = short === 0x0f ? this.#varint() : short;
    for (let i = 0; i < size; i++) item(header & 0x0f);
  }

  #skip(type: number): void {
    switch (type) {
      case Thrift.True:
      case Thrift.False:
        return;
      case Thrift.Byte:
        this.#at++;
        return;
      case Thrift.I16:
      case Thrift.I32:
      case Thrift.I64:
        this.#varint();
        return;
      case Thrift.Double:
        this.#at += 8;
        return;
      case Thrift.Binary: {
        const length = this.#varint();
        this.#at += length;
        return;
      }
      case Thrift.List:
      case Thrift.Set:
        // In a list a boolean takes a byte; in a struct it is told by its type.
        this.#list((each) => this.#skip(each === Thrift.True || each === Thrift.False ? Thrift.Byte : each));
        return;
      case Thrift.Struct:
        this.#struct({});
        return;
      default:
        throw new Error(`the footer has the unknown type ${type}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('the footer ends too early');
    return byte;
  }

  /** What is skipped may be larger than a number holds, and need not be right. */
  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
