/**
 * Finds out whether an ONNX file keeps weights in other files. A version's digest covers `model.onnx` alone, and what
 * other files hold would change what is served without anybody noticing: such a version is refused.
 *
 * ONNX is one protobuf message. Tensors stand in graphs, in functions, and in attributes of their nodes, which may hold
 * graphs again. The table below has the members that lead to a tensor, with the field numbers of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); all others are skipped. Everything that ONNX Runtime could
 * take for a tensor elsewhere is one for us: repeated members that should stand once, overlong numbers, values of
 * `data_location` that ONNX does not know.
 */

/** Members that are looked into, by field number: of which message they are. */
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
/** As deep as protobuf reads messages by default. */
const MAX_DEPTH = 100;
const SHOWN_CHARACTERS = 200;

/** How ONNX Runtime tells files of its own format, from the fifth byte on. */
const RUNTIME_FORMAT = 'ORTM';

/** @returns why the bytes of a model file are no version by themselves; undefined if they are. */
export function externalDataProblem(bytes: Uint8Array): string | undefined {
  if (Buffer.from(bytes.subarray(4, 8)).toString('latin1') === RUNTIME_FORMAT)
    return "it is in ONNX Runtime's own format: bring the ONNX file that it was made from";
  const scan = new Scan(bytes);
  try {
    scan.look('model', 0, bytes.length, 0);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `it cannot be read as protobuf (${error.message})`;
  }
  if (!scan.isExternal) return undefined;
  const name = scan.location === undefined ? '' : ` (${JSON.stringify(scan.location)})`;
  return `it keeps weights in another file${name}, which the digest does not cover: export it with the weights inside (torch.onnx.export(…, external_data=False), or onnx.save(…, save_as_external_data=False))`;
}

class Scan {
  readonly #bytes: Uint8Array;
  #at = 0;
  isExternal = false;
  /** The first file that is named. */
  location: string | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws {RangeError} if the bytes are no message. */
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
        this.location ??= this.#text(start, end);
      this.#at = end;
    }
    if (this.#at !== to) throw new RangeError('a member reaches beyond its message');
  }

  /** protobuf cuts a larger number off, and would read another member than we. */
  #tag(): readonly [field: number, wireType: number] {
    const tag = this.#varint();
    if (tag >= 2 ** 32) throw new RangeError('a member with a number beyond 32 bits');
    return [Math.floor(tag / 8), tag % 8];
  }

  /** Where what has a length begins and ends. */
  #range(limit: number): readonly [start: number, end: number] {
    const length = this.#varint();
    const end = this.#at + length;
    if (end > limit) throw new RangeError('a member reaches beyond its message');
    return [this.#at, end];
  }

  /** @returns the value of a number that is stored as a varint; else 0. */
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

  /** Members up to the end of a group. ONNX has none: whatever is in one is not known to anybody. */
  #skipGroup(limit: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`groups within groups, more than ${MAX_DEPTH} deep`);
    while (this.#at < limit) {
      const [, wireType] = this.#tag();
      if (wireType === 4) return;
      this.#skip(wireType, limit, depth + 1);
    }
    throw new RangeError('a group without an end');
  }

  /** A number of up to 64 bits; of one that is not exact any more, only that it is no 0 matters. */
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
    return Buffer.from(this.#bytes.subarray(start, end)).toString().slice(0, SHOWN_CHARACTERS);
  }
}
