/**
 * Random tensors through a real process: of any element type, rank and batch axis, padded and filled up. Each row gets the
 * answer that it gets alone.
 */
import { createHash } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ELEMENT_BYTES, elementsOf, type TensorValue } from '../../src/contract/tensor.ts';
import type { Values } from '../../src/contract/values.ts';
import { bytesIn, elementsIn } from '../../src/models/elements.ts';
import type { Manifest, Shape, TensorInput, TensorOutput, TensorType } from '../../src/models/manifest.ts';
import type { Answers } from '../../workers/answer.ts';
import { Inspection } from '../../workers/runtimes/inspection.ts';
import { decodeBatch } from '../../workers/runtimes/onnx/decoder.ts';
import { encodeBatch } from '../../workers/runtimes/onnx/encoder.ts';
import { addedPositions, identities } from '../support/onnxFiles.ts';

const TYPES = [...(Object.keys(ELEMENT_BYTES) as (keyof typeof ELEMENT_BYTES)[]), 'string'] as const;
/** What an arbitrary makes. */
type Made<T> = T extends fc.Arbitrary<infer V> ? V : never;

const TIMEOUT_MS = 30_000;
const field = { description: '' };

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let inspection: Inspection;
let files = 0;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-tensors-'));
  inspection = new Inspection();
});

afterAll(async () => {
  await inspection[Symbol.asyncDispose]();
  await folder.remove();
});

/** Runs rows as one batch of a graph. */
async function answersTo(
  graph: Uint8Array,
  manifest: Manifest,
  rows: readonly Values[],
): Promise<readonly (Answers | string)[]> {
  const file = join(folder.path, `${++files}.onnx`);
  await writeFile(file, graph);
  const sha256 = createHash('sha256').update(graph).digest('hex');
  await inspection.load({ file, sha256, beside: [], manifest, executionProviders: ['cpu'], threads: 1 });
  const run = encodeBatch(manifest, rows);
  const answered = await inspection.run(run.columns, TIMEOUT_MS);
  return decodeBatch(manifest, answered, run);
}

function manifestOf(
  inputs: readonly TensorInput[],
  outputs: readonly TensorOutput[],
  more: Partial<Manifest> = {},
): Manifest {
  const batching = { maxBatchSize: 8, maxBulkBatchSize: 8, maxWaitMs: 0 };
  return { inputs, outputs, axes: {}, masks: [], batching, coalesce: false, ...more } as unknown as Manifest;
}

/** The dimensions of the graph's tensor. */
function dims(shape: Shape, batchAxis: number | null, rows: number | string): (number | string)[] {
  return batchAxis === null ? [...shape] : shape.toSpliced(batchAxis, 0, rows);
}

/** The place of each element in a tensor of this shape. */
function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The row with padding up to another shape, written element by element. */
function padded<T>(row: readonly T[], shape: readonly number[], larger: readonly number[], pad: T): T[] {
  const at = new Map(indicesOf(shape).map((index, i) => [index.join(), row[i] as T]));
  return indicesOf(larger).map((index) => at.get(index.join()) ?? pad);
}

const AXES = {
  free: { minimum: 0, maximum: 4 },
  bucketed: { minimum: 0, maximum: 5, buckets: [2, 5] },
};

const RANDOM = fc.record({
  type: fc.constantFrom(...TYPES),
  shape: fc.array(fc.oneof(fc.nat(3), fc.constantFrom('free', 'bucketed')), { maxLength: 4 }),
  axis: fc.option(fc.nat(4)),
  rows: fc.integer({ min: 1, max: 4 }),
  isFixed: fc.boolean(),
  free: fc.nat(4),
  bucket: fc.constantFrom(2, 5),
  seed: fc.infiniteStream(fc.nat(2 ** 32 - 1)),
});

test('rows of any type, shape and batch axis keep their elements, and are padded and cut back', async () => {
  const example = async ({ type, axis, isFixed, free, bucket, seed, ...random }: Made<typeof RANDOM>) => {
    const shape = random.shape;
    const batchAxis = axis === null ? null : Math.min(axis, shape.length);
    const count = batchAxis === null ? 1 : random.rows;
    const next = () => Number(seed.next().value);
    const pad = type === 'string' ? 'pad' : 1;
    const input: TensorInput = {
      ...field,
      name: 'x',
      tensor: 'x',
      type: asField(type),
      shape,
      batchAxis,
      pad,
    };
    const open = shape.map((size) => (typeof size === 'string' ? `model_${size}` : size));
    const output = { ...field, batchAxis };
    const outputs: TensorOutput[] = [
      { ...output, name: 'same', tensor: 'x_out', type: asField(type), shape },
      { ...output, name: 'whole', tensor: 'x_out', type: asField(type), shape: open },
      { ...output, name: 'real', tensor: 'mask_out', type: 'boolean', shape: open },
    ];
    const runSize = isFixed ? 5 : 8;
    const manifest = manifestOf([input], outputs, {
      axes: { ...AXES },
      masks: [{ tensor: 'mask', type: 'boolean', shape, batchAxis }],
      batching: {
        ...{ maxBatchSize: runSize, maxBulkBatchSize: runSize, maxWaitMs: 0 },
        ...(isFixed && batchAxis !== null && { fixedBatchSize: runSize }),
      },
    });
    const inRun = shape.map((size) => (size === 'free' ? free : size === 'bucketed' ? bucket : Number(size)));
    const rows = Array.from({ length: count }, () => {
      const smallest = bucket === 5 ? 3 : 0;
      const size = smallest + (next() % (bucket - smallest + 1));
      const real = shape.map((axis, i) => (axis === 'bucketed' ? size : (inRun[i] ?? 0)));
      return { real, elements: Array.from({ length: elementsOf(real) }, () => elementOf(type, next())) };
    });
    const ports = [
      { name: 'x', type, shape: dims(shape, batchAxis, 'N') },
      { name: 'mask', type: 'bool' as const, shape: dims(shape, batchAxis, 'N') },
    ];
    const answers = await answersTo(
      identities(ports),
      manifest,
      rows.map(({ real, elements }) => ({ x: tensorOf(type, real, elements) })),
    );
    expect(answers).toHaveLength(count);
    for (const [i, { real, elements }] of rows.entries()) {
      const { same, whole, real: mask } = answers[i] as Answers;
      expect(read(same)).toEqual({ shape: real, elements: tensorElements(type, elements) });
      const filled = padded(elements, real, inRun, type === 'string' ? 'pad' : bitsOfOne(type));
      expect(read(whole)).toEqual({ shape: inRun, elements: tensorElements(type, filled) });
      const ones = new Array<bigint>(elements.length).fill(1n);
      expect(read(mask)).toEqual({
        shape: inRun,
        elements: tensorElements('bool', padded(ones, real, inRun, 0n)),
      });
    }
  };
  await fc.assert(fc.asyncProperty(RANDOM, example), { numRuns: 60 });
});

test('a batch on any axis is answered as ONNX Runtime alone answers each of its rows', async () => {
  const random = fc.record({
    shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    axis: fc.nat(3),
    values: fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 4 }),
    isFixed: fc.boolean(),
  });
  const example = async ({ shape, axis, values, isFixed }: Made<typeof random>) => {
    const batchAxis = Math.min(axis, shape.length);
    const size = elementsOf(shape);
    const positions = Float32Array.from({ length: size }, (_, i) => 1000 * i);
    const graph = addedPositions(dims(shape, batchAxis, 'N'), {
      name: 'positions',
      shape: dims(shape, batchAxis, 1).map(Number),
      values: positions,
    });
    const tensor = { ...field, type: 'float32', shape, batchAxis } as const;
    const manifest = manifestOf(
      [{ ...tensor, name: 'x', tensor: 'x' }],
      [{ ...tensor, name: 'y', tensor: 'y' }],
      isFixed ? { batching: { maxBatchSize: 4, maxBulkBatchSize: 4, maxWaitMs: 0, fixedBatchSize: 4 } } : {},
    );
    const rows = values.map((value) => Float32Array.from({ length: size }, (_, i) => value + i / 8));
    const answers = await answersTo(
      graph,
      manifest,
      rows.map((row) => ({ x: { shape, base64: bytesIn(row).toBase64() } })),
    );
    const session = await InferenceSession.create(graph, { intraOpNumThreads: 1 });
    for (const [i, row] of rows.entries()) {
      const { y } = await session.run({
        x: new Tensor('float32', row, dims(shape, batchAxis, 1).map(Number)),
      });
      const answer = (answers[i] as Answers).y as { readonly data: Uint8Array<ArrayBuffer> };
      expect(elementsIn('float32', answer.data)).toEqual(y?.data);
    }
    await session.release();
  };
  await fc.assert(fc.asyncProperty(random, example), { numRuns: 30 });
});

function asField(type: (typeof TYPES)[number]): TensorInput['type'] {
  return type === 'bool' ? 'boolean' : type;
}

/** Random bits, or a random text. */
function elementOf(type: TensorType, random: number): bigint | string {
  if (type === 'string') return ['', 'é', 'x'.repeat(random % 30)][random % 3] ?? '';
  if (type === 'bool') return BigInt(random % 2);
  const width = BigInt(8 * ELEMENT_BYTES[type]);
  return BigInt.asUintN(Number(width), BigInt(random) * 0x1_0000_0001n);
}

/** The bits of the number 1. */
function bitsOfOne(type: Exclude<TensorType, 'string'>): bigint {
  const bits = { float16: 0x3c00n, float32: 0x3f80_0000n, float64: 0x3ff0_0000_0000_0000n };
  return type in bits ? bits[type as keyof typeof bits] : 1n;
}

function bytesOf(type: Exclude<TensorType, 'string'>, elements: readonly (bigint | string)[]): Uint8Array {
  const width = ELEMENT_BYTES[type];
  const bytes = Buffer.alloc(elements.length * width);
  for (const [i, element] of elements.entries())
    for (let byte = 0; byte < width; byte++)
      bytes[i * width + byte] = Number((BigInt(element) >> BigInt(8 * byte)) & 0xffn);
  return bytes;
}

function tensorOf(
  type: TensorType,
  shape: readonly number[],
  elements: readonly (bigint | string)[],
): TensorValue {
  return type === 'string'
    ? { shape, texts: elements.map(String) }
    : { shape, base64: bytesOf(type, elements).toBase64() };
}

/** Elements as `read` gives them. */
function tensorElements(
  type: TensorType,
  elements: readonly (bigint | string)[],
): readonly string[] | string {
  return type === 'string' ? elements.map(String) : Buffer.from(bytesOf(type, elements)).toString('hex');
}

function read(answer: Answers[string] | undefined) {
  if (typeof answer !== 'object' || !('shape' in answer)) throw new Error('the answer must be a tensor');
  const elements =
    'data' in answer ? Buffer.from(answer.data).toString('hex') : 'texts' in answer ? answer.texts : '';
  return { shape: answer.shape, elements };
}
