/**
 * The pictures, sounds and texts of a loaded version, in the process with its session: files become tensors before a
 * run, and tensors become detections and picture files after it. A file that cannot be decoded is the fault of its row
 * alone: in the run its place is taken by a copy of another row, whose answer is thrown away.
 */
import type { AxisSizes } from '../../src/models/axes.ts';
import { DETECTION_WIDTH } from '../../src/models/detection.ts';
import { bytesIn } from '../../src/models/elements.ts';
import {
  graphOutputsOf,
  isMediaInput,
  isMediaOutput,
  type Manifest,
  type ManifestInput,
} from '../../src/models/manifest.ts';
import { type MediaInput, sidesOf } from '../../src/models/mediaInput.ts';
import type { DetectionsOutput, MediaOutput } from '../../src/models/mediaOutput.ts';
import type { Answer } from '../answer.ts';
import type { OutputTensors } from '../runtimes/onnx/decoder.ts';
import type { Column, Columns, GivenColumns, MediaColumn } from '../runtimes/onnx/encoder.ts';
import { type Decoder, type MadeRow, openDecoder } from './decoders.ts';
import { chooseDetections, type RowTensor } from './detections.ts';
import { MediaFault } from './mediaFault.ts';
import { stackRows } from './stackRows.ts';

/** What a run says of its pictures, sounds and texts. */
export interface MediaAnswer {
  /** By index of a row: what is wrong with its files. */
  readonly faults: ReadonlyMap<number, string>;
  /** By row: the sizes of the dimensions that vary with its files. */
  readonly sizes: readonly AxisSizes[];
  /** The sizes of these dimensions in the run. */
  readonly padded: AxisSizes;
  /** The answers of media outputs, by GraphQL name. */
  readonly columns: ReadonlyMap<string, readonly Answer[]>;
  /** By index: why a row has no prediction. */
  readonly problems: ReadonlyMap<number, string>;
}

export interface MadeRows extends Pick<MediaAnswer, 'faults' | 'sizes' | 'padded'> {
  /** A column for each tensor of the graph; none if all rows are at fault. */
  readonly columns: Columns;
  /** The rows that need an answer, and the rows in the tensors, see `RunRows`. */
  readonly count: number;
  readonly runCount: number;
  /** By name of a media input, row by row. */
  readonly made: ReadonlyMap<string, readonly (MadeRow | undefined)[]>;
}

export type MediaManifest = Pick<Manifest, 'inputs' | 'outputs' | 'axes'>;

interface OpenInput {
  readonly input: MediaInput;
  readonly decode: Decoder;
}

/** In the place of an answer that no row has. */
const NO_ANSWER: Answer = '';

export class Media {
  readonly #inputs: readonly OpenInput[];
  readonly #outputs: readonly MediaOutput[];
  readonly #manifest: MediaManifest;

  private constructor(inputs: readonly OpenInput[], manifest: MediaManifest) {
    this.#inputs = inputs;
    this.#outputs = manifest.outputs.filter(isMediaOutput);
    this.#manifest = manifest;
  }

  /**
   * @returns undefined if the version has no media.
   * @throws {Error} naming a tokenizer in its folder that is missing or wrong.
   */
  static async open(manifest: MediaManifest, folder: string): Promise<Media | undefined> {
    const { outputs, axes } = manifest;
    const inputs = manifest.inputs.filter(isMediaInput);
    if (inputs.length === 0 && !outputs.some(isMediaOutput)) return undefined;
    const open = async (input: MediaInput) => ({ input, decode: await openDecoder(input, { axes, folder }) });
    return new Media(await Promise.all(inputs.map(open)), manifest);
  }

  /** Makes tensors of the files and texts among the columns of a run. */
  async decode(given: GivenColumns): Promise<MadeRows> {
    const faults = new Map<number, string>();
    const made = new Map<string, readonly (MadeRow | undefined)[]>();
    const columns = new Map<string, Column>();
    for (const [tensor, column] of Object.entries(given)) if ('type' in column) columns.set(tensor, column);
    for (const open of this.#inputs) {
      const { files } = mediaColumn(given, open.input);
      const rows = files.map((file, row) => decodeRow(open, file, (fault) => faults.set(row, fault)));
      made.set(open.input.name, await Promise.all(rows));
    }
    const [sizes, padded] = [[] as Map<string, number>[], new Map<string, number>()];
    const rows = rowsIn(given, this.#manifest.inputs);
    const { runCount } = rows;
    for (const { input } of this.#inputs) {
      const { batchAxis = 0 } = input;
      const ofInput = made.get(input.name) ?? [];
      const good = ofInput.find((_, row) => !faults.has(row));
      if (good === undefined) return { columns: {}, ...rows, faults, sizes, padded, made };
      const all = Array.from({ length: runCount }, (_, row) =>
        faults.has(row) ? good : (ofInput[row] ?? good),
      );
      const shapes = all.map(({ tensors }) => tensors[input.tensor]?.shape ?? []);
      const rowShape = this.#commonShape(input, shapes);
      for (const [i, axis] of input.shape.entries()) {
        if (typeof axis === 'number') continue;
        padded.set(axis, rowShape[i] ?? 0);
        for (const [row, shape] of shapes.entries()) {
          sizes[row] ??= new Map();
          sizes[row].set(axis, shape[i] ?? 0);
        }
      }
      for (const tensor of Object.keys(good.tensors)) {
        const tensors = all.map((row) => row.tensors[tensor]).filter((one) => one !== undefined);
        columns.set(tensor, stackRows(tensors, rowShape, batchAxis));
      }
    }
    return { columns: Object.fromEntries(columns), ...rows, faults, sizes, padded, made };
  }

  /**
   * @returns what the run of the rows says of the media.
   * @throws {RangeError} if a tensor is missing, or has another number of rows than the run.
   */
  async answer(outputs: OutputTensors, rows: MadeRows): Promise<MediaAnswer> {
    const { count, faults, sizes, padded } = rows;
    const columns = new Map<string, readonly Answer[]>();
    const problems = new Map<number, string>();
    // Then nothing was run.
    const outputsToMake = faults.size === count ? [] : this.#outputs;
    for (const output of outputsToMake) {
      requireRows(output, outputs, rows.runCount);
      const column: Answer[] = [];
      for (let row = 0; row < count; row++) {
        try {
          column.push(faults.has(row) ? NO_ANSWER : await this.#answerOf(output, outputs, rows, row));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          problems.set(row, error.message);
          column.push(NO_ANSWER);
        }
      }
      columns.set(output.name, column);
    }
    return { faults, sizes, padded, columns, problems };
  }

  /** The smallest buckets that hold all rows, or their largest size. */
  #commonShape({ shape }: MediaInput, shapes: readonly (readonly number[])[]): readonly number[] {
    return shape.map((axis, i) => {
      const longest = Math.max(...shapes.map((of) => of[i] ?? 0));
      const buckets = typeof axis === 'string' ? this.#manifest.axes[axis]?.buckets : undefined;
      return buckets?.find((bucket) => bucket >= longest) ?? longest;
    });
  }

  async #answerOf(output: MediaOutput, outputs: OutputTensors, rows: MadeRows, row: number): Promise<Answer> {
    const tensor = (name: string) => rowOf(name, outputs, output, row);
    if (output.kind === 'detections') return this.#detect(output, tensor, rows, row);
    const { encodePicture } = await import('./pictureFile.ts');
    return { data: await encodePicture(tensor(output.tensor), output) };
  }

  #detect(
    output: DetectionsOutput,
    tensor: (name: string) => RowTensor,
    rows: MadeRows,
    row: number,
  ): Answer {
    const made = rows.made.get(output.picture)?.[row];
    const picture = this.#inputs.find(({ input }) => input.name === output.picture)?.input;
    if (made?.placement === undefined || picture?.kind !== 'image')
      throw new Error('a detection has the picture that the manifest names');
    const shape = picture.shape.map((axis) =>
      typeof axis === 'string' ? (rows.padded.get(axis) ?? 0) : axis,
    );
    const { height, width } = sidesOf(picture.layout, shape);
    const tensors = {
      boxes: tensor(output.tensor),
      scores: output.scores === undefined ? undefined : tensor(output.scores),
      classes: output.classes === undefined ? undefined : tensor(output.classes),
    };
    const detections = chooseDetections(tensors, output, { height, width }, made.placement);
    const count = detections.length / DETECTION_WIDTH;
    return { type: 'float32', shape: [count, DETECTION_WIDTH], data: bytesIn(detections) };
  }
}

function mediaColumn(columns: GivenColumns, { tensor }: MediaInput): MediaColumn {
  const column = columns[tensor];
  if (column !== undefined && 'files' in column) return column;
  throw new Error(`a batch has files for ${tensor}`);
}

/** Columns of tensors have the copies of rows already that fill up a run, and these get answers, too. */
function rowsIn(
  columns: GivenColumns,
  inputs: readonly ManifestInput[],
): Pick<MadeRows, 'count' | 'runCount'> {
  const given = inputs.flatMap(({ tensor, batchAxis = 0 }) => {
    const column = columns[tensor];
    return column === undefined ? [] : [{ column, batchAxis }];
  });
  for (const { column } of given)
    if ('files' in column) return { count: column.files.length, runCount: column.runCount };
  for (const { column, batchAxis } of given)
    if ('dims' in column && batchAxis !== null) {
      const rows = column.dims[batchAxis] ?? 1;
      return { count: rows, runCount: rows };
    }
  return { count: 1, runCount: 1 };
}

/** @throws {RangeError} if a tensor is missing, or has another shape or number of rows than it must have. */
function requireRows(output: MediaOutput, outputs: OutputTensors, rows: number): void {
  const ofRows = output.batchAxis === null ? [] : [rows];
  for (const tensor of graphOutputsOf(output)) {
    // The manifest does not say the shapes of scores and classes.
    const [expected, more] = tensor === output.tensor ? [[...ofRows, ...output.shape], ''] : [ofRows, ', …'];
    const { dims } = outputs[tensor] ?? {};
    const isRight =
      dims !== undefined &&
      (more !== '' || dims.length === expected.length) &&
      expected.every((size, i) => typeof size === 'string' || size === dims[i]);
    if (isRight) continue;
    const got = dims === undefined ? 'none' : `[${dims.join(', ')}]`;
    throw new RangeError(`output ${tensor} must have shape [${expected.join(', ')}${more}], got ${got}`);
  }
}

async function decodeRow(
  { input, decode }: OpenInput,
  file: Uint8Array | string,
  blame: (fault: string) => void,
): Promise<MadeRow | undefined> {
  try {
    return await decode(file);
  } catch (error) {
    if (!(error instanceof MediaFault)) throw error;
    blame(`${input.name} must be ${error.message}`);
    return undefined;
  }
}

/** The part of a tensor that belongs to a row. @throws {RangeError} if the graph gave no such tensor. */
function rowOf(
  name: string,
  outputs: OutputTensors,
  { type, batchAxis }: Pick<MediaOutput, 'type' | 'batchAxis'>,
  row: number,
): RowTensor {
  const tensor = outputs[name];
  if (tensor === undefined || !('buffer' in tensor.data))
    throw new RangeError(`output ${name} must be a tensor of numbers, got ${tensor ? 'texts' : 'none'}`);
  const { data: given, dims } = tensor;
  // The binding gives the elements of float16 as Uint16Array.
  const isHalf = type === 'float16' && given instanceof Uint16Array;
  const data = isHalf ? new Float16Array(given.buffer, given.byteOffset, given.length) : given;
  if (batchAxis === null) return { data, dims };
  const [count = 1, ...rowDims] = dims;
  const size = data.length / Math.max(1, count);
  return { data: data.subarray(row * size, (row + 1) * size), dims: rowDims };
}
