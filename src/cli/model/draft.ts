/**
 * Drafts the first manifest of a model from what trial runs showed. All that the file does not tell gets a placeholder:
 * the unit "unknown", and limits so wide that hardly any value is refused.
 */
import type { GraphSignature, GraphValue } from '../../../workers/runtimes/onnx/signature.ts';
import { INTEGER_RANGES } from '../../models/elements.ts';
import {
  type Axis,
  completeBatching,
  completeNames,
  isFloat,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  type Mask,
  type NumberType,
  type TensorType,
  UNKNOWN_UNIT,
} from '../../models/manifest.ts';
import { NUMBER_BYTES } from '../../models/valueBytes.ts';
import { printable } from '../../process/printable.ts';
import { USUAL_BATCH } from './discovery/batchSize.ts';
import type { Found, FoundField } from './discovery/found.ts';
import { isSampleRate, SAMPLE_RATE } from './discovery/trialValues.ts';
import { fieldNames, mutationFor, typesFor } from './names.ts';

export interface DraftOptions {
  readonly model: string;
  /** @default made from the model's name */
  readonly mutation?: string | undefined;
  /** Base name of the ONNX file. */
  readonly source: string;
  /** @default what trial runs propose */
  readonly maxBatchSize?: number | undefined;
  /** By output: what each number belongs to. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** The end of all descriptions in a draft. */
export const UNDESCRIBED = 'not described yet.';
export const NUMBER_LIMIT = 1_000_000_000;
export const STRING_MAX_LENGTH = 200;
/** The largest `size` that a manifest may give. */
const MAX_WIDTH = 4096;
/** Vectors are lists in messages. Beyond this the next one is a tensor. */
const MAX_LISTED_BYTES = 256 * 1024;
const LARGEST_FLOAT16 = 65_504;

/** @returns a manifest whose example is still empty. */
export function draftManifest(found: Found, options: DraftOptions): Manifest {
  const { model, mutation = mutationFor(model), source } = options;
  const { padding, fixedBatchSize } = found;
  const inputs = found.inputs.filter(({ tensor }) => tensor !== padding?.mask);
  const maxBatchSize = batchSizeOf(found, options.maxBatchSize);
  return {
    name: model,
    description: printable(`Made from ${source}, ${UNDESCRIBED}`),
    versions: 'all',
    graphql: completeNames({ mutation, ...typesFor(mutation) }),
    inputs: draftInputs(inputs, found, source),
    outputs: draftOutputs(found, options),
    axes: Object.fromEntries(
      [...found.axes].map(([name, { minimum, maximum }]) => [
        name,
        { minimum, maximum, ...(name === padding?.axis && { buckets: padding.buckets }) },
      ]),
    ),
    masks: found.inputs.filter(({ tensor }) => tensor === padding?.mask).map(draftMask),
    batching: completeBatching({
      maxBatchSize,
      maxWaitMs: 0,
      ...(fixedBatchSize !== undefined && { fixedBatchSize }),
    }),
    coalesce: false,
    partialOutputs: false,
    isolation: 'shared',
    limits: { timeoutMs: 60_000, runTimeoutMs: RUN_TIMEOUT_MS, maxAttempts: 3 },
    example: {},
  };
}

export const RUN_TIMEOUT_MS = 30_000;

/** What a description says, without trial runs: the first axis of everything has the rows. */
export function asDeclared({ inputMetadata, outputMetadata }: GraphSignature): Found {
  const axes = new Map<string, Axis>();
  const fieldOf = ({ name, type = 'float32', shape = [] }: GraphValue): FoundField => ({
    tensor: name,
    type: type as TensorType,
    batchAxis: 0,
    shape: shape.slice(1).map((size, i) => {
      if (typeof size === 'number' && size >= 0) return size;
      const axis = /^[a-zA-Z]\w*$/.test(String(size)) ? String(size) : `axis${i + 1}`;
      axes.set(axis, { minimum: 1, maximum: MAX_WIDTH });
      return axis;
    }),
  });
  return {
    inputs: inputMetadata.map((value) => ({ ...fieldOf(value), hint: {} })),
    outputs: outputMetadata.map((value) => ({ ...fieldOf(value), isOpen: false })),
    axes,
    padding: undefined,
    isBatched: true,
    maxBatchSize: USUAL_BATCH,
    fixedBatchSize: undefined,
    rows: [],
    decisions: [],
  };
}

/** A graph of one row a run, or of a fixed number, leaves no choice. */
function batchSizeOf({ maxBatchSize, fixedBatchSize, isBatched }: Found, wanted: number | undefined): number {
  return isBatched ? (wanted ?? maxBatchSize) : (fixedBatchSize ?? 1);
}

/** The form of a value: of a plain field, of a vector, or of a tensor. */
type Form = { readonly size?: number } | { readonly shape: FoundField['shape'] };

/** Chooses plain forms as long as there is room in a message. */
class Forms {
  #bytes = 0;

  of({ type, batchAxis, shape }: FoundField): Form {
    if (batchAxis !== 0) return { shape };
    const [size, ...more] = shape;
    if (size === undefined || (size === 1 && more.length === 0)) return {};
    if (more.length > 0 || typeof size === 'string' || type === 'string' || type === 'bool') return { shape };
    const bytes = NUMBER_BYTES * size;
    if (size < 1 || size > MAX_WIDTH || this.#bytes + bytes > MAX_LISTED_BYTES) return { shape };
    this.#bytes += bytes;
    return { size };
  }
}

function batchAxisOf({ batchAxis }: FoundField): { readonly batchAxis?: number | null } {
  return batchAxis === 0 ? {} : { batchAxis };
}

function draftInputs(fields: Found['inputs'], { padding }: Found, source: string): readonly ManifestInput[] {
  const names = fieldNames(fields.map(({ tensor }) => tensor));
  const forms = new Forms();
  return fields.map((field) => {
    const { tensor, type, shape, hint } = field;
    const head = { name: names.get(tensor) ?? tensor, tensor };
    const description = printable(`The tensor ${tensor} of ${source}, ${UNDESCRIBED}`);
    const form = forms.of(field);
    const isPadded = padding !== undefined && shape.includes(padding.axis);
    const pad = isPadded ? { pad: type === 'string' ? '' : type === 'bool' ? false : 0 } : {};
    const layout = { ...batchAxisOf(field), ...pad };
    if (type === 'string')
      return { ...head, type, ...withoutSize(form), ...layout, maxLength: STRING_MAX_LENGTH, description };
    if (type === 'bool') return { ...head, type: 'boolean', ...withoutSize(form), ...layout, description };
    const isIndex = hint.vocabulary !== undefined && !isFloat(type);
    const limits = isIndex ? { minimum: 0, maximum: (hint.vocabulary ?? 1) - 1 } : limitsOf(type);
    const unit = UNKNOWN_UNIT;
    if ('shape' in form)
      return { ...head, type, ...form, ...layout, unit, ...(isIndex && limits), description };
    const usual = isSampleRate(tensor) ? { default: SAMPLE_RATE } : {};
    return { ...head, type, ...form, unit, ...limits, ...usual, description };
  });
}

function draftOutputs({ outputs }: Found, { labels, source }: DraftOptions): readonly ManifestOutput[] {
  const names = fieldNames(outputs.map(({ tensor }) => tensor));
  const forms = new Forms();
  return outputs.map((field) => {
    const { tensor, type, shape, isOpen } = field;
    const head = { name: names.get(tensor) ?? tensor, tensor };
    const description = printable(`The tensor ${tensor} of ${source}, ${UNDESCRIBED}`);
    const layout = batchAxisOf(field);
    // Only a tensor may have numbers that are not finite.
    const form = isOpen ? { shape } : forms.of(field);
    if (type === 'string') return { ...head, type, ...withoutSize(form), ...layout, description };
    if (type === 'bool') return { ...head, type: 'boolean', ...withoutSize(form), ...layout, description };
    const unit = UNKNOWN_UNIT;
    if ('shape' in form) return { ...head, type, ...form, ...layout, unit, description };
    const isExact = type === 'uint64' && form.size === undefined;
    const classes = labels.get(tensor);
    const hasLabels = classes !== undefined && classes.length === form.size;
    return {
      ...head,
      type,
      ...form,
      unit,
      ...(isExact && { exact: true }),
      ...(hasLabels && { labels: classes }),
      description,
    };
  });
}

/** Texts and booleans have no vectors. */
function withoutSize(form: Form): { readonly shape?: FoundField['shape'] } {
  return 'shape' in form ? form : {};
}

/** Wide, and within what the type can hold. */
function limitsOf(type: NumberType): { readonly minimum: number; readonly maximum: number } {
  const range = INTEGER_RANGES[type];
  const [least, most] =
    range !== undefined
      ? [Number(range.minimum), Number(range.maximum)]
      : type === 'float16'
        ? [-LARGEST_FLOAT16, LARGEST_FLOAT16]
        : [-NUMBER_LIMIT, NUMBER_LIMIT];
  return { minimum: Math.max(least, -NUMBER_LIMIT), maximum: Math.min(most, NUMBER_LIMIT) };
}

function draftMask({ tensor, type, shape, batchAxis }: FoundField): Mask {
  return {
    tensor,
    type: type === 'bool' ? 'boolean' : (type as NumberType),
    shape,
    ...(batchAxis !== 0 && { batchAxis }),
  };
}
