/**
 * Brings weights that lie in files beside an ONNX file (`model.onnx.data`) into the file itself. So a version is one
 * file, which its digest covers. Protobuf, the format of the file, allows 2 GiB.
 */
import { isAbsolute, join } from 'node:path';
import { messageOf } from '../../../contract/errors.ts';
import { MODEL_MAX_BYTES, readRegularFile } from '../../../process/regularFile.ts';
import { isNotThere } from '../modelFileError.ts';
import { EXTERNAL, type OnnxModel, type OnnxTensor, tensorsOf } from './onnxFile.ts';

export interface Gathered {
  /** The names of the files that were taken in. */
  readonly files: readonly string[];
  /** A sentence for each file that could not be. The model is then unchanged. */
  readonly problems: readonly string[];
}

/** @param folder the folder of the ONNX file, which the names of other files are relative to. */
export async function gatherWeights(model: OnnxModel, folder: string): Promise<Gathered> {
  const external = tensorsOf(model).filter(({ dataLocation }) => dataLocation === EXTERNAL);
  const files = [...new Set(external.map((tensor) => entryOf(tensor, 'location') ?? ''))];
  const contents = new Map<string, Buffer>();
  const problems: string[] = [];
  for (const file of files) {
    const content = await readBeside(folder, file);
    if (typeof content === 'string') problems.push(`Its weights are in ${JSON.stringify(file)}: ${content}.`);
    else contents.set(file, content);
  }
  if (problems.length > 0) return { files: [], problems };
  const ranges = external.map((tensor) => rangeOf(tensor, contents));
  problems.push(...ranges.filter((range) => typeof range === 'string'));
  const bytes = ranges.reduce((sum, range) => sum + range.length, 0);
  if (bytes > MODEL_MAX_BYTES)
    problems.push(
      `Its weights have ${bytes} bytes, and ${MODEL_MAX_BYTES} are possible: export them as float16, or quantize the model.`,
    );
  if (problems.length > 0) return { files: [], problems };
  for (const [i, tensor] of external.entries()) {
    tensor.rawData = ranges[i] as Uint8Array;
    tensor.externalData = [];
    tensor.dataLocation = 0;
  }
  return { files, problems: [] };
}

/** @returns the content, or why there is none. */
async function readBeside(folder: string, file: string): Promise<Buffer | string> {
  if (file === '' || isAbsolute(file) || file.split(/[/\\]/).includes('..'))
    return 'the name must be that of a file in the same folder';
  try {
    return await readRegularFile(join(folder, file), MODEL_MAX_BYTES);
  } catch (error) {
    return isNotThere(error) ? 'that file is not there, and belongs beside the ONNX file' : messageOf(error);
  }
}

/** @returns the bytes of a tensor, or what is wrong with their place. */
function rangeOf(tensor: OnnxTensor, contents: ReadonlyMap<string, Buffer>): Uint8Array | string {
  const file = entryOf(tensor, 'location') ?? '';
  const content = contents.get(file) ?? Buffer.of();
  const offset = Number(entryOf(tensor, 'offset') ?? 0);
  const length = Number(entryOf(tensor, 'length') ?? content.length - offset);
  const fits = [offset, length].every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!fits || offset + length > content.length)
    return `Its weights must lie within the ${content.length} bytes of ${JSON.stringify(file)}, got ${length} bytes from ${offset} on.`;
  return content.subarray(offset, offset + length);
}

function entryOf({ externalData }: OnnxTensor, key: string): string | undefined {
  return externalData.find((entry) => entry.key === key)?.value;
}
