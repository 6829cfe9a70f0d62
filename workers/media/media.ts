/**
 * The pictures, sounds and texts of a loaded version, in the process with its session: files become tensors before a
 * run, and tensors become detections and picture files after it. A file that cannot be decoded is the fault of its row
 * alone: in the run its place is taken by a copy of another row, whose answer is thrown away.
 */
import type { Value } from '../../src/contract/values.ts';
import { bytesIn } from '../../src/models/elements.ts';
import { DETECTION_WIDTH } from '../../src/models/detection.ts';
import { isMediaInput, isMediaOutput, type Manifest } from '../../src/models/manifest.ts';
import { type MediaInput, sidesOf } from '../../src/models/mediaInput.ts';
import type { DetectionsOutput, MediaOutput } from '../../src/models/mediaOutput.ts';
import type { Column, Columns, DecodedColumns, OutputTensors } from '../runtimes/onnx/encoder.ts';
import { type Decoder, type MadeRow, openDecoder } from './decoders.ts';
import { chooseDetections, type RowTensor } from './detections.ts';
import { MediaFault } from './mediaFault.ts';
import { stackRows } from './stackRows.ts';

export interface MadeRows {
  /** A column for each tensor of the graph; none if all rows are at fault. */
  readonly columns: Readonly<Record<string, Column>>;
  /** By index of a row: what is wrong with its files. */
  readonly faults: ReadonlyMap<number, string>;
  /** By name of a media input, row by row. */
  readonly made: ReadonlyMap<string, readonly (MadeRow | undefined)[]>;
}

interface OpenInput {
  readonly input: MediaInput;
  readonly decode: Decoder;
}

/** In the place of an answer that no row has. */
const NO_VALUE: Value = '';

export class Media {
  readonly #inputs: readonly OpenInput[];
  readonly #outputs: readonly MediaOutput[];
  readonly #axes: Manifest['axes'];

  private constructor(inputs: readonly OpenInput[], outputs: readonly MediaOutput[], axes: Manifest['axes']) {
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#axes = axes;
  }

  /**
   * @returns undefined if the version has no media.
   * @throws {Error} naming a tokenizer in its folder that is missing or wrong.
   */
  static async open(
    { inputs, outputs, axes }: Pick<Manifest, 'inputs' | 'outputs' | 'axes'>,
    folder: string,
  ): Promise<Media | undefined> {
    const [mediaInputs, mediaOutputs] = [inputs.filter(isMediaInput), outputs.filter(isMediaOutput)];
    if (mediaInputs.length + mediaOutputs.length === 0) return undefined;
    const open = async (input: MediaInput) => ({ input, decode: await openDecoder(input, { axes, folder }) });
    return new Media(await Promise.all(mediaInputs.map(open)), mediaOutputs, axes);
  }

  /** Makes tensors of the files and texts among the columns of a run. */
  async decode(columns: Columns): Promise<MadeRows> {
    const faults = new Map<number, string>();
    const made = new Map<string, readonly (MadeRow | undefined)[]>();
    for (const open of this.#inputs) {
      const column = columns[open.input.tensor];
      const files = column !== undefined && 'files' in column ? column.files : [];
      const rows = files.map((file, row) => decodeRow(open, file, (fault) => faults.set(row, fault)));
      made.set(open.input.name, await Promise.all(rows));
    }
    return { columns: this.#columnsOf(columns, made, faults), faults, made };
  }

  /** @returns the values of the media outputs, and the rows at fault. */
  async answer(outputs: OutputTensors, rows: MadeRows): Promise<DecodedColumns> {
    const columns = new Map<string, readonly Value[]>();
    const problems = new Map<number, string>();
    for (const output of this.#outputs) {
      const column: Value[] = [];
      const count = output.batchAxis === null ? 1 : (outputs[output.tensor]?.dims[0] ?? 0);
      for (let row = 0; row < count; row++) {
        try {
          column.push(rows.faults.has(row) ? NO_VALUE : await this.#valueOf(output, outputs, rows, row));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          problems.set(row, error.message);
          column.push(NO_VALUE);
        }
      }
      columns.set(output.name, column);
    }
    return { columns, problems, faults: rows.faults };
  }

  #columnsOf(
    columns: Columns,
    made: MadeRows['made'],
    faults: ReadonlyMap<number, string>,
  ): Readonly<Record<string, Column>> {
    const all = new Map<string, Column>();
    for (const [tensor, column] of Object.entries(columns)) if ('type' in column) all.set(tensor, column);
    for (const { input } of this.#inputs) {
      const rows = made.get(input.name) ?? [];
      const good = rows.find((_, row) => !faults.has(row));
      if (good === undefined) return {};
      for (const tensor of Object.keys(good.tensors)) {
        const tensors = rows.map((row, i) => ((faults.has(i) ? good : row) ?? good).tensors[tensor]);
        const sizeOf = (dimension: number, longest: number) => this.#bucket(input.shape[dimension], longest);
        all.set(
          tensor,
          stackRows(
            tensors.filter((one) => one !== undefined),
            sizeOf,
          ),
        );
      }
    }
    return Object.fromEntries(all);
  }

  /** The smallest bucket that holds a size. */
  #bucket(axis: number | string | undefined, size: number): number {
    const buckets = typeof axis === 'string' ? this.#axes[axis]?.buckets : undefined;
    return buckets?.find((bucket) => bucket >= size) ?? size;
  }

  async #valueOf(output: MediaOutput, outputs: OutputTensors, rows: MadeRows, row: number): Promise<Value> {
    const tensor = (name: string) => rowOf(name, outputs, output.batchAxis === null ? undefined : row);
    if (output.kind === 'detections') return this.#detect(output, tensor, rows, row);
    const { encodePicture } = await import('./pictureFile.ts');
    return { base64: (await encodePicture(tensor(output.tensor), output)).toBase64() };
  }

  #detect(output: DetectionsOutput, tensor: (name: string) => RowTensor, rows: MadeRows, row: number): Value {
    const placement = rows.made.get(output.picture)?.[row]?.placement;
    const picture = this.#inputs.find(({ input }) => input.name === output.picture)?.input;
    if (placement === undefined || picture?.kind !== 'image')
      throw new Error('a detection has the picture that the manifest names');
    const { rowShape = [] } = rows.columns[picture.tensor] ?? {};
    const { height, width } = sidesOf(picture.layout, rowShape);
    const tensors = {
      boxes: tensor(output.tensor),
      scores: output.scores === undefined ? undefined : tensor(output.scores),
      classes: output.classes === undefined ? undefined : tensor(output.classes),
    };
    const detections = chooseDetections(tensors, output, { height, width }, placement);
    const shape = [detections.length / DETECTION_WIDTH, DETECTION_WIDTH];
    return { shape, base64: bytesIn(detections).toBase64() };
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

/** @param row undefined if the graph has no batch axis. @throws {RangeError} if the graph gave no such tensor. */
function rowOf(name: string, outputs: OutputTensors, row: number | undefined): RowTensor {
  const tensor = outputs[name];
  if (tensor === undefined) throw new RangeError(`output ${name} must be a tensor, got none`);
  const { data } = tensor;
  if (!ArrayBuffer.isView(data)) throw new RangeError(`output ${name} must be numbers, got texts`);
  if (row === undefined) return { data, dims: tensor.dims };
  const [count = 1, ...dims] = tensor.dims;
  const size = data.length / count;
  return { data: data.subarray(row * size, (row + 1) * size), dims };
}
