import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ELEMENT_BYTES, type ElementType, elementsOf } from '../../../../../src/contract/tensor.ts';
import { newElements } from '../../../../../src/models/elements.ts';
import {
  frameColumns,
  readColumns,
  type ShapedColumn,
} from '../../../../../workers/runtimes/framed/frameColumns.ts';
import { type Frame, FrameReader, writeFrame } from '../../../../../workers/runtimes/framed/frames.ts';
import { Random } from '../../../../chaos/random.ts';

const TYPES = [...(Object.keys(ELEMENT_BYTES) as ElementType[]), 'string' as const];
const TEXTS = ['', 'plain', 'naïve', '字', '\u0000', 'x'.repeat(300)];

function randomColumn(random: Random): ShapedColumn {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random.between(0, items.length))] as T;
  const type = pick(TYPES);
  const shape = Array.from({ length: Math.floor(random.between(1, 4)) }, () =>
    Math.floor(random.between(0, 5)),
  );
  const count = elementsOf(shape);
  if (type === 'string') return { type, shape, data: Array.from({ length: count }, () => pick(TEXTS)) };
  const data = newElements(type, count);
  for (let i = 0; i < count; i++) data[i] = typeof data[i] === 'bigint' ? BigInt(i) : i % 2;
  return { type, shape, data };
}

/** What comes out of frames that are cut into pieces. */
function sent(
  frames: readonly Buffer[],
  pieceBytes: () => number,
  maxBodyBytes = 1_000_000,
): readonly Frame[] {
  const got: Frame[] = [];
  const reader = new FrameReader({ maxBodyBytes: () => maxBodyBytes, onFrame: (frame) => got.push(frame) });
  const bytes = Buffer.concat(frames);
  for (let at = 0; at < bytes.length; ) {
    const end = at + pieceBytes();
    reader.push(bytes.subarray(at, end));
    at = end;
  }
  return got;
}

function frameOf(header: object, parts: readonly Uint8Array[] = []): Buffer {
  const chunks: Buffer[] = [];
  const write = (chunk: Buffer, _: string, done: () => void) => {
    chunks.push(chunk);
    done();
  };
  writeFrame(new Writable({ write }), header, parts);
  return Buffer.concat(chunks);
}

test('columns of any type and shape come out of frames as they went in, however the bytes are cut', () => {
  const random = new Random('frames');
  for (let round = 0; round < 200; round++) {
    const columns = Object.fromEntries(
      Array.from({ length: 1 + (round % 4) }, (_, i) => [`column ${i}`, randomColumn(random)]),
    );
    const framed = frameColumns(columns);
    const frame = frameOf({ type: 'ran', columns: framed.columns }, framed.parts);
    const got = sent([frame, frame], () => 1 + Math.floor(random.between(0, 50)));
    expect(got.length).toBe(2);
    for (const { header, body } of got) expect(readColumns(header.columns, body)).toEqual(columns);
  }
});

describe('a frame is refused', () => {
  const lengths = (header: number, body: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(header, 0);
    bytes.writeUInt32LE(body, 4);
    return bytes;
  };

  test.each([
    ['whose body is larger than allowed, before it is there', lengths(2, 101), 'a body may have 100 bytes'],
    ['whose header is larger than 1 MiB', lengths(1_048_577, 0), 'a header must have 2 to 1048576 bytes'],
    ['without a header', lengths(0, 0), 'a header must have 2 to'],
    ['whose header is no JSON', Buffer.concat([lengths(2, 0), Buffer.from('ab')]), 'a header must be JSON'],
    ['whose header is a list', Buffer.concat([lengths(2, 0), Buffer.from('[]')]), 'must be a JSON object'],
  ])('%s', (_what, bytes, reason) => {
    expect(() => sent([bytes], () => 64, 100)).toThrow(reason);
  });
});

describe('columns are refused', () => {
  const column = { name: 'y', type: 'float32', shape: [2], bytes: 8 };

  test.each([
    ['that are no list', { y: column }, 8, 'columns must be a list'],
    ['of an unknown type', [{ ...column, type: 'complex64' }], 8, 'the type of y must be one of'],
    ['of a negative size', [{ ...column, shape: [-2] }], 8, 'the shape of y must be'],
    [
      'of more dimensions than any tensor has',
      [{ ...column, shape: Array(17).fill(1) }],
      8,
      'the shape of y',
    ],
    ['without bytes', [{ ...column, bytes: undefined }], 8, 'bytes of y must be'],
    ['that need more bytes than there are', [column], 7, 'the columns need 8 bytes up to y, the body has 7'],
    ['that leave bytes over', [column], 9, 'the columns have 8 bytes, the body has 9'],
    [
      'whose shape needs other bytes',
      [{ ...column, shape: [3] }],
      8,
      'y of 3 float32 must have 12 bytes, got 8',
    ],
    [
      'with lengths for fewer texts',
      [{ ...column, type: 'string', shape: [3] }],
      8,
      'must begin with 3 lengths',
    ],
  ])('%s', (_what, columns, bytes, reason) => {
    expect(() => readColumns(columns, Buffer.alloc(bytes))).toThrow(reason);
  });

  test('with a text that reaches beyond them, or is no UTF-8', () => {
    const texts = [{ name: 'y', type: 'string', shape: [1], bytes: 5 }];
    expect(() => readColumns(texts, Buffer.from([9, 0, 0, 0, 65]))).toThrow('text 0 of y reaches beyond');
    expect(() => readColumns(texts, Buffer.from([1, 0, 0, 0, 255]))).toThrow('text 0 of y must be UTF-8');
  });
});
