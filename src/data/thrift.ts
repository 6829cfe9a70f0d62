/** Reads and writes Thrift's compact encoding. The footer and the page headers of a Parquet file are written in it. */

const Type = {
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

/** Reads the next field. @param isTrue the value of a boolean: its type alone tells it, without further bytes. */
type FieldReader = (isTrue: boolean) => void;

/** Reads the wanted fields and skips the others. Throws a `RangeError` if the bytes are not Thrift's. */
export class ThriftReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The number of bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** @param readers the readers of the wanted fields, by number. */
  struct(readers: Readonly<Record<number, FieldReader>>): void {
    let id = 0;
    for (;;) {
      const header = this.#byte();
      if (header === 0) return;
      const type = header & 0x0f;
      const delta = header >>> 4;
      id = delta === 0 ? this.integer() : id + delta;
      const read = readers[id];
      if (read === undefined) this.#skip(type);
      else read(type === Type.True);
    }
  }

  list(item: (type: number) => void): void {
    const header = this.#byte();
    const short = header >>> 4;
    const size = short === 0x0f ? this.#varint() : short;
    for (let i = 0; i < size; i++) item(header & 0x0f);
  }

  text(): string {
    const length = this.#varint();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** Exact up to 2^53. No size or position in a file is larger. */
  integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #skip(type: number): void {
    switch (type) {
      case Type.True:
      case Type.False:
        return;
      case Type.Byte:
        this.#at++;
        return;
      case Type.I16:
      case Type.I32:
      case Type.I64:
        this.#varint();
        return;
      case Type.Double:
        this.#at += 8;
        return;
      case Type.Binary:
        this.text();
        return;
      case Type.List:
      case Type.Set:
        // In a list a boolean takes a byte.
        this.list((each) => this.#skip(each === Type.True || each === Type.False ? Type.Byte : each));
        return;
      case Type.Struct:
        this.struct({});
        return;
      default:
        throw new RangeError(`expected a type of Thrift, got ${type}`);
    }
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('the description ends too early');
    return byte;
  }
}

/** Encodes a text: its length, then its bytes. */
export function encodedText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.concat([Buffer.from([...length, rest]), bytes]);
    length.push((rest % 128) + 128);
  }
}
