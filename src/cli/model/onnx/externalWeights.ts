/**
 * Takes weights along that lie in files beside an ONNX file (`model.onnx.data`). Small ones are brought into the file, so
 * that a version is one file. Large ones stay in files of their own, which the version's digest covers: protobuf, the
 * format of the file, allows 2 GiB, and ONNX Runtime maps such files into memory instead of reading them.
 */
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { messageOf } from '../../../contract/errors.ts';
import { readRegularFile } from '../../../process/regularFile.ts';
import { isNotThere } from '../modelFileError.ts';
import { EXTERNAL, type OnnxModel, type OnnxTensor, tensorsOf } from './onnxFile.ts';

/** A file that stays beside the ONNX file. */
export interface FileBeside {
  readonly path: string;
  /** Its name in the folder of the version. */
  readonly name: string;
}

export interface Gathered {
  /** A sentence for each file of weights. */
  readonly changes: readonly string[];
  readonly beside: readonly FileBeside[];
  /** A sentence for each file that cannot be taken along. The model is then unchanged. */
  readonly problems: readonly string[];
}

interface WeightFile {
  readonly path: string;
  readonly bytes: number;
}

/** To bring them in takes their size in memory several times. */
const BROUGHT_IN_MAX_BYTES = 256 * 1024 * 1024;

/** @param folder the folder of the ONNX file, which the names of other files are relative to. */
export async function gatherWeights(model: OnnxModel, folder: string): Promise<Gathered> {
  const external = tensorsOf(model).filter(({ dataLocation }) => dataLocation === EXTERNAL);
  const names = [...new Set(external.map(locationOf))];
  const files = new Map<string, WeightFile>();
  const problems: string[] = [];
  for (const name of names) {
    const found = await findBeside(folder, name);
    if (typeof found === 'string') problems.push(`Its weights are in ${JSON.stringify(name)}: ${found}.`);
    else files.set(name, found);
  }
  if (problems.length === 0)
    problems.push(
      ...external.map((tensor) => rangeProblem(tensor, files)).filter((text) => text !== undefined),
    );
  if (problems.length > 0) return { changes: [], beside: [], problems };
  const bytes = files.values().reduce((sum, file) => sum + file.bytes, 0);
  return bytes > BROUGHT_IN_MAX_BYTES ? leaveBeside(external, files) : await bringIn(external, files);
}

async function bringIn(
  external: readonly OnnxTensor[],
  files: ReadonlyMap<string, WeightFile>,
): Promise<Gathered> {
  for (const [name, { path, bytes }] of files) {
    const content = await readRegularFile(path, bytes);
    for (const tensor of external.filter((tensor) => locationOf(tensor) === name)) {
      const { offset, length } = rangeOf(tensor, files);
      tensor.rawData = content.subarray(offset, offset + length);
      tensor.externalData = [];
      tensor.dataLocation = 0;
    }
  }
  const changes = [...files.keys()].map((name) => `the weights of ${name} were brought into the file`);
  return { changes, beside: [], problems: [] };
}

function leaveBeside(external: readonly OnnxTensor[], files: ReadonlyMap<string, WeightFile>): Gathered {
  const beside = [...files].map(([location, { path }], i) => ({
    location,
    path,
    name: i === 0 ? 'model.onnx.data' : `model.onnx.${i + 1}.data`,
  }));
  for (const tensor of external) {
    const name = beside.find(({ location }) => location === locationOf(tensor))?.name ?? '';
    tensor.externalData = tensor.externalData
      // A checksum is of no use here: the digest of the version is checked.
      .filter(({ key }) => key === 'offset' || key === 'length')
      .concat({ key: 'location', value: name });
  }
  const changes = beside.map(
    ({ location, name }) =>
      `the weights of ${location} are too large to be brought into the file: they are in ${name}`,
  );
  return { changes, beside, problems: [] };
}

/** @returns the file, or why there is none. */
async function findBeside(folder: string, name: string): Promise<WeightFile | string> {
  if (name === '' || isAbsolute(name) || name.split(/[/\\]/).includes('..'))
    return 'the name must be that of a file in the same folder';
  const path = join(folder, name);
  try {
    const found = await stat(path);
    return found.isFile() ? { path, bytes: found.size } : 'it must be a regular file';
  } catch (error) {
    return isNotThere(error) ? 'that file is not there, and belongs beside the ONNX file' : messageOf(error);
  }
}

/** @returns what is wrong with the place of a tensor; undefined if nothing is. */
function rangeProblem(tensor: OnnxTensor, files: ReadonlyMap<string, WeightFile>): string | undefined {
  const name = locationOf(tensor);
  const bytes = files.get(name)?.bytes ?? 0;
  const { offset, length } = rangeOf(tensor, files);
  const fits = [offset, length].every((size) => Number.isSafeInteger(size) && size >= 0);
  return fits && offset + length <= bytes
    ? undefined
    : `Its weights must lie within the ${bytes} bytes of ${JSON.stringify(name)}, got ${length} bytes from ${offset} on.`;
}

function rangeOf(
  tensor: OnnxTensor,
  files: ReadonlyMap<string, WeightFile>,
): { readonly offset: number; readonly length: number } {
  const offset = Number(entryOf(tensor, 'offset') ?? 0);
  const rest = (files.get(locationOf(tensor))?.bytes ?? 0) - offset;
  return { offset, length: Number(entryOf(tensor, 'length') ?? rest) };
}

function locationOf(tensor: OnnxTensor): string {
  return entryOf(tensor, 'location') ?? '';
}

function entryOf({ externalData }: OnnxTensor, key: string): string | undefined {
  return externalData.find((entry) => entry.key === key)?.value;
}
