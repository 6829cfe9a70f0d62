/**
 * Finds out whether an ONNX file keeps weights in other files. Each must be a file that the version's digest covers:
 * any other could change without notice, or lie anywhere. A version with such a file is refused.
 *
 * An ONNX file is one protobuf message. Tensors are in graphs, in functions, and in attributes of their nodes, which
 * may contain graphs again. The table below has the members that lead to a tensor, with the field numbers of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); all others are skipped. Everything that ONNX Runtime could
 * take for a tensor in another file counts as one: repeated members that should appear once, overlong numbers, and
 * values of `data_location` that ONNX does not define.
 */

/** The members that are followed, by field number, with the type of their message. */
const MEMBERS: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparseTensor' },
  node: { 5: 'attribute' },
  attribute: {
    5: 'tensor',
    6: 'graph',
    10: 'tensor',
    11: 'graph',
    22: 'sparseTensor',
    23: 'sparseTensor',
  },
  sparseTensor: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: {},
};
type Message =
  | 'model'
  | 'training'
  | 'function'
  | 'graph'
  | 'node'
  | 'attribute'
  | 'sparseTensor'
  | 'tensor'
  | 'entry';

const DATA_LOCATION = 14;
const ENTRY_KEY = 1;
const ENTRY_VALUE = 2;
/** The deepest nesting that protobuf reads by default. */
const MAX_DEPTH = 100;
const SHOWN_CHARACTERS = 200;

/** The mark of ONNX Runtime's own file format, from the fifth byte on. */
const RUNTIME_FORMAT = 'ORTM';

export interface ExternalData {
  /** Whether there are weights in other files, all of which are covered. */
  readonly isThere: boolean;
}

/**
 * @param covered the names of other files that the version's digest covers.
 * @returns a text if the file cannot be served: why.
 */
export function findExternalData(bytes: Uint8Array, covered: readonly string[]): ExternalData | string {
  if (Buffer.from(bytes.subarray(4, 8)).toString('latin1') === RUNTIME_FORMAT)
    return "it is in ONNX Runtime's own format: bring the ONNX file that it was made from";
  const scan = new Scan(bytes);
  try {
    scan.look('model', 0, bytes.length, 0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `it cannot be read as protobuf (${error.message})`;
  }
  if (!scan.isExternal) return { isThere: false };
  const other = [...scan.locations].find((location) => !covered.includes(location));
  if (other === undefined && scan.locations.size > 0) return { isThere: true };
  const name = other === undefined ? '' : ` (${JSON.stringify(other.slice(0, SHOWN_CHARACTERS))})`;
  return `it keeps weights in another file${name}, which the digest does not cover: add it with npm run model -- add, which takes the weights along`;
}

class Scan {
  readonly #bytes: Uint8Array;
  #at = 0;
  isExternal = false;
  /** All external files that are named. */
  readonly locations = new Set<string>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws {RangeError} if the bytes are no protobuf message. */
  look(message: Message, from: number, to: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`messages within messages, more than ${MAX_DEPTH} deep`);
    const members = MEMBERS[message];
    let key = '';
    this.#at = from;
    while (this.#at < to) {
      const [field, wireType] = this.#tag();
      if (wireType !== 2) {
        const value = this.#skip(wireType, to, 0);
        if (message === 'tensor' && field === DATA_LOCATION && value !== 0) this.isExternal = true;
        continue;
      }
      const [start, end] = this.#range(to);
      const member = members[field];
      if (member !== undefined) this.look(member, start, end, depth + 1);
      else if (message === 'entry' && field === ENTRY_KEY) key = this.#text(start, end);
      else if (message === 'entry' && field === ENTRY_VALUE && key === 'location')
        this.locations.add(this.#text(start, end));
      this.#at = end;
    }
    if (this.#at !== to) throw new RangeError('a member reaches beyond its message');
  }

  /** protobuf truncates a larger number, and would then read another member than this code. */
  #tag(): readonly [field: number, wireType: number] {
    const tag = this.#varint();
    if (tag >= 2 ** 32) throw new RangeError('a member with a number beyond 32 bits');
    return [Math.floor(tag / 8), tag % 8];
  }

  /** The begin and the end of a member that has a length. */
  #range(limit: number): readonly [start: number, end: number] {
    const length = this.#varint();
    const end = this.#at + length;
    if (end > limit) throw new RangeError('a member reaches beyond its message');
    return [this.#at, end];
  }

  /** @returns the value of a varint; 0 for other types. */
  #skip(wireType: number, limit: number, depth: number): number {
    switch (wireType) {
      case 0:
        return this.#varint();
      case 1:
        this.#at += 8;
        return 0;
      case 2:
        this.#at = this.#range(limit)[1];
        return 0;
      case 3:
        this.#skipGroup(limit, depth);
        return 0;
      case 5:
        this.#at += 4;
        return 0;
      default:
        throw new RangeError(`a member of the unknown wire type ${wireType}`);
    }
  }

  /** Skips the members of a group. ONNX has no groups, so ONNX Runtime ignores their content, too. */
  #skipGroup(limit: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`groups within groups, more than ${MAX_DEPTH} deep`);
    while (this.#at < limit) {
      const [, wireType] = this.#tag();
      if (wireType === 4) return;
      this.#skip(wireType, limit, depth + 1);
    }
    throw new RangeError('a group without an end');
  }

  /** A number of up to 64 bits. A large one loses its last digits; then it only matters that it is not 0. */
  #varint(): number {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('it ends in the middle of a number');
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of more than ten bytes');
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.#bytes.subarray(start, end)).toString();
  }
}
