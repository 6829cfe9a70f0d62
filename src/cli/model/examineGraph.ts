/** Finds out by trial runs how an opened graph is served, and says in words what could not be found out. */
import type { GraphSignature } from '../../../workers/runtimes/onnx/signature.ts';
import { ELEMENT_BYTES, elementsOf } from '../../contract/tensor.ts';
import type { TensorType } from '../../models/manifest.ts';
import { isFloat } from '../../models/manifest.ts';
import { printable } from '../../process/printable.ts';
import { discover } from './discovery/discover.ts';
import { type Found, NotFound } from './discovery/found.ts';
import type { Port } from './discovery/trialValues.ts';
import { RUN_TIMEOUT_MS } from './draft.ts';
import type { JsonRow } from './exampleRows.ts';
import { plainReason } from './loadAdvice.ts';
import { ModelFileError } from './modelFileError.ts';
import { fieldNames } from './names.ts';
import type { ModelDraft } from './newModel.ts';
import { hintsOf } from './onnx/hints.ts';
import { nodesOf, tensorsOf } from './onnx/onnxFile.ts';
import type { OpenGraph } from './openGraph.ts';

/** Operators whose outputs have as many elements as the values of their inputs say. */
const OPEN_SIZES = /^(NonZero|NonMaxSuppression|Unique|Compress|StringSplit|Range|Loop)$/;
/** Operators that choose a scale for all numbers of a run. */
const SCALES = /^(DynamicQuantize|MatMulIntegerToFloat)/;
const CHANCE = /^(Random|Multinomial$|Bernoulli$|Dropout$)/;
/** Machines add numbers in different orders. */
const USUAL_DIFFERENCE = 1e-4;
const FLOAT16 = 10;
const FLOAT16_DIFFERENCE = 1e-2;
const MAX_ROW_BYTES = 32 * 2 ** 20;

/** @throws {ModelFileError} if the graph answers no row, or by chance. */
export async function examineGraph(draft: ModelDraft): Promise<Found> {
  const { source, graph, leaveOut, examples } = draft;
  const { model, signature, exporter, runs } = graph;
  const names = signature.outputMetadata.map(({ name }) => name);
  const unknown = leaveOut.find((tensor) => !names.includes(tensor));
  if (unknown !== undefined)
    throw new ModelFileError(
      `--leave-out must name an output of ${source} (${names.join(', ')}), got ${unknown}`,
    );
  if (signature.inputMetadata.length === 0)
    throw new ModelFileError(`${source} cannot be served: it has no input.`);
  const operators = nodesOf(model).map(({ opType }) => opType);
  const ports = portsOf(graph, examples);
  refuseLargeRows(ports, source);
  try {
    return await discover({
      runs,
      ports,
      signature,
      outputs: names.filter((name) => !leaveOut.includes(name)),
      relative: tensorsOf(model).some(({ dataType }) => dataType === FLOAT16)
        ? FLOAT16_DIFFERENCE
        : USUAL_DIFFERENCE,
      hasOpenSizes: operators.some((name) => OPEN_SIZES.test(name)),
      scalesOverRun: operators.some((name) => SCALES.test(name)),
      runTimeoutMs: RUN_TIMEOUT_MS,
    });
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    if (error.kind === 'chance') {
      const makers = operators.filter((name) => CHANCE.test(name)).join(', ') || 'an operator';
      throw new ModelFileError(
        `${source} answers the same row differently each time, by ${makers}, and golden rows need answers that stay the same: ${exporter.wayOut('random')}.`,
      );
    }
    if (error.kind === 'rank')
      throw new ModelFileError(`${source} cannot be served: ${printable(error.message)}.`);
    const reason = printable(plainReason(error.message));
    const open = ports.flatMap((port) => openPort(port, signature));
    const advice = open.map(
      ({ name, text }) =>
        `\n- The input ${text} does not say all its sizes: show a row with --example '{"${name}": […]}', or make the file anew: ${exporter.wayOut('width')}.`,
    );
    throw new ModelFileError(
      `${source} answers no trial row (${reason}). Give a row that it can answer with --example.${advice.map(printableLine).join('')}`,
    );
  }
}

/** A golden row must hold all inputs of a row. */
function refuseLargeRows(ports: readonly Port[], source: string): void {
  const bytesOf = ({ type, dims }: Port) =>
    type === 'string'
      ? 0
      : ELEMENT_BYTES[type] * elementsOf(dims.map((size) => (typeof size === 'number' ? size : 1)));
  const bytes = ports.reduce((sum, port) => sum + bytesOf(port), 0);
  if (bytes <= MAX_ROW_BYTES) return;
  const [largest] = ports.toSorted((a, b) => bytesOf(b) - bytesOf(a));
  throw new ModelFileError(
    `${source} cannot be served: the inputs of one run have ${bytes} bytes (${printable(largest?.name ?? '')} has the most, ${largest?.type}[${largest?.dims.join(', ')}]), and ${MAX_ROW_BYTES} are possible. Export the model for smaller pieces.`,
  );
}

function printableLine(text: string): string {
  return `\n${printable(text.trimStart())}`;
}

/** @returns the name and the shape of an input, if sizes beyond the first are open. */
function openPort({ name, type, dims }: Port, { inputMetadata }: GraphSignature) {
  const shape = inputMetadata.find((value) => value.name === name)?.shape ?? [];
  const isOpen = dims.slice(1).some((size) => typeof size === 'string');
  return isOpen ? [{ name, text: `${name} ${type}[${shape.map((size) => size || '?').join(', ')}]` }] : [];
}

/** The inputs of the graph. An axis without a name gets one, which is no name in ONNX. */
function portsOf({ model, signature }: OpenGraph, examples: readonly JsonRow[]): readonly Port[] {
  const hints = hintsOf(model);
  const fields = fieldNames(signature.inputMetadata.map(({ name }) => name));
  return signature.inputMetadata.map(({ name, type = 'float32', shape = [] }) => {
    const given = examples.map((row) => flat(row[fields.get(name) ?? name] ?? row[name]));
    const dims = shape.map((size, i) =>
      (typeof size === 'string' && size !== '') || (typeof size === 'number' && size >= 0)
        ? size
        : `${name}#${i}`,
    );
    const last = dims.at(-1);
    const isWidth =
      dims.length === 2 && typeof last === 'string' && last.includes('#') && isFloat(type as TensorType);
    const width = isWidth ? given[0]?.length : undefined;
    return {
      name,
      type: type as TensorType,
      dims: width === undefined || width === 0 ? dims : dims.with(-1, width),
      hint: hints.get(name) ?? {},
      given: given.filter(({ length }) => length > 0),
    };
  });
}

/** The elements of a value as a user writes it. */
function flat(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flat(Number.POSITIVE_INFINITY);
  if (typeof value !== 'object') return [value];
  const { values, texts } = value as { values?: unknown; texts?: unknown };
  return flat(values ?? texts);
}
