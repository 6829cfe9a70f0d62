/**
 * The manifest of a model, `model.json`: its names, inputs and outputs. `models/manifest.schema.json` explains each
 * member, `src/models/manifestCheck.ts` checks the rules between them. `type` tells the kinds of inputs and outputs
 * apart.
 */
import type { ElementType } from '../contract/tensor.ts';
import type { Values } from '../contract/values.ts';
import type { MediaInput } from './mediaInput.ts';
import type { MediaOutput } from './mediaOutput.ts';
import type { ManifestTraining } from './training.ts';

export type NumberType = Exclude<ElementType, 'bool'>;

/** The element type of a tensor, as ONNX Runtime names it. */
export type TensorType = ElementType | 'string';

/** The dimensions of one row. A name varies from task to task, see `Manifest.axes`. `[]` is a single element. */
export type Shape = readonly (number | string)[];

interface Field {
  /** The GraphQL field. */
  readonly name: string;
  /** The input or output of the ONNX graph. */
  readonly tensor: string;
  readonly description: string;
  /**
   * The axis of the graph's tensor on which rows lie one after another. null: the graph has no such axis, so each task
   * has a run of its own. @default 0
   */
  readonly batchAxis?: number | null;
}

/** A tensor for each row. In GraphQL a `TensorInput` or a `Tensor`. */
interface TensorField extends Field {
  readonly type: NumberType | 'string' | 'boolean';
  /** Of one row: without the batch axis. */
  readonly shape: Shape;
  readonly unit?: string;
}

export interface TensorInput extends TensorField {
  /** The limits of each number; both are included. Absent: any number of the type that is finite. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Whether NaN is let through, as a missing number. */
  readonly allowNaN?: boolean;
  /** In any form that a client may send, see `tensorInput.ts`. */
  readonly default?: unknown;
  /** In characters, of each text. */
  readonly maxLength?: number;
  /** The element that fills up rows that are shorter than their bucket, see `Axis.buckets`. */
  readonly pad?: number | string | boolean;
}

export interface TensorOutput extends TensorField {
  /** The names of the numbers along the last axis, in order. */
  readonly columns?: readonly string[];
}

interface NumberField extends Field {
  readonly type: NumberType;
  readonly unit: string;
  /** Makes the value a vector of exactly so many numbers. */
  readonly size?: number;
}

export interface NumberInput extends NumberField {
  /** The limits of the number, or of each number of the vector; both are included. */
  readonly minimum: number;
  readonly maximum: number;
  /** Whether a whole number beyond ±(2^53 − 1) is taken, as a text of its digits: a `BigInt` in GraphQL. */
  readonly exact?: boolean;
  readonly default?: number | string | readonly number[];
}

export interface StringInput extends Field {
  readonly type: 'string';
  /** In characters: Unicode code points. */
  readonly maxLength: number;
  readonly default?: string;
}

/** One of a set of names. Messages and GraphQL have the name, only the tensor has its value. */
export interface EnumInput extends Field {
  readonly type: 'enum';
  /** The GraphQL enum type. */
  readonly enumType: string;
  /** The values of the names in the tensor: all texts, or all whole numbers. */
  readonly values: readonly EnumValue[];
  /** A name. */
  readonly default?: string;
}

export interface EnumValue {
  readonly name: string;
  readonly value: string | number;
  readonly description?: string;
}

export interface BooleanInput extends Field {
  readonly type: 'boolean';
  readonly default?: boolean;
}

/** A reading of the wall clock in a time zone, see `src/models/localTime.ts`. */
export interface DateTimeInput extends Field {
  readonly type: 'dateTime';
  /** IANA, such as America/New_York. */
  readonly timeZone: string;
  readonly default?: string;
}

export type PlainInput = NumberInput | StringInput | EnumInput | BooleanInput | DateTimeInput;
export type ManifestInput = PlainInput | TensorInput | MediaInput;

export interface NumberOutput extends NumberField {
  /** Whether a whole number beyond ±(2^53 − 1) stays exact: the field is a `BigInt` in GraphQL. */
  readonly exact?: boolean;
  /** What each number of a vector belongs to: in GraphQL, `top` gives the largest ones. */
  readonly labels?: readonly string[];
  /** The limits of an actual, or of each of its numbers; absent: any number. Predictions are not checked against it. */
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface PlainOutput extends Field {
  readonly type: 'string' | 'boolean';
}

export type ManifestOutput = NumberOutput | PlainOutput | TensorOutput | MediaOutput;

/** A dimension that varies from task to task. Within one task it is the same number wherever it is named. */
export interface Axis {
  readonly minimum: number;
  readonly maximum: number;
  /**
   * Sizes in ascending order, the last one is `maximum`: rows are padded to the next larger one, so that tasks of
   * different sizes share a run, and answers are cut back. Without buckets only tasks of equal size share a run.
   */
  readonly buckets?: readonly number[];
}

/** A tensor that says which elements of a padded axis are real: 1 there, else 0. No client gives it. */
export interface Mask {
  /** The input of the ONNX graph. */
  readonly tensor: string;
  readonly type: NumberType | 'boolean';
  readonly shape: Shape;
  /** As in a field. */
  readonly batchAxis?: number | null;
}

export interface GraphQLNames {
  readonly mutation: string;
  readonly batchMutation: string;
  readonly inputType: string;
  readonly predictionType: string;
  readonly columnsType: string;
}

export interface Batching {
  readonly maxBatchSize: number;
  /** The most rows of a row batch in one run. */
  readonly maxBulkBatchSize: number;
  readonly maxWaitMs: number;
  /** The graph takes exactly so many rows: a run with fewer is filled up with copies of its last row. */
  readonly fixedBatchSize?: number;
}

export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly versions: 'all' | 'latest' | readonly number[];
  readonly graphql: GraphQLNames;
  readonly inputs: readonly ManifestInput[];
  readonly outputs: readonly ManifestOutput[];
  /** By name: the dimensions that vary. */
  readonly axes: Readonly<Record<string, Axis>>;
  readonly masks: readonly Mask[];
  readonly batching: Batching;
  /** Whether tasks of one batch that have the same input share a row of its run. */
  readonly coalesce: boolean;
  /** Whether its versions, which are code, may give outputs before a run is over. */
  readonly partialOutputs: boolean;
  /** Whether its versions may share a process with other versions; large files never do. */
  readonly isolation: 'shared' | 'own';
  readonly limits: {
    readonly timeoutMs: number;
    readonly runTimeoutMs: number;
    readonly maxAttempts: number;
  };
  readonly example: Values;
  /** Absent if its versions are not trained here. */
  readonly training?: ManifestTraining;
}

/** The unit of a number whose manifest names none. */
export const UNKNOWN_UNIT = 'unknown';

/** @returns undefined if it has none, or none that is known. */
export function unitOf(field: ManifestInput | ManifestOutput): string | undefined {
  return 'unit' in field && field.unit !== UNKNOWN_UNIT ? field.unit : undefined;
}

/** The most characters of a text that a model returns. A longer one fails its row. */
export const MAX_OUTPUT_CHARACTERS = 1_000;

/** The most rows of one run. */
export const MAX_RUN_ROWS = 4096;

/** Fills in the names that a manifest may leave out: `predictTrip` gets `predictTrips`. */
export function completeNames(
  names: Omit<GraphQLNames, 'batchMutation' | 'columnsType'> & Partial<GraphQLNames>,
): GraphQLNames {
  const plural = /(?:[sxz]|[cs]h)$/.test(names.mutation) ? 'es' : 's';
  return {
    ...names,
    batchMutation: names.batchMutation ?? `${names.mutation}${plural}`,
    columnsType: names.columnsType ?? `${names.predictionType}Columns`,
  };
}

/**
 * A run for a row batch may have four times the rows of one for single tasks, unless the number of rows is fixed. A
 * model with one row a run keeps one row.
 */
export function completeBatching(batching: Omit<Batching, 'maxBulkBatchSize'> & Partial<Batching>): Batching {
  const { maxBatchSize, fixedBatchSize } = batching;
  const fourTimes = maxBatchSize === 1 ? 1 : Math.min(4 * maxBatchSize, MAX_RUN_ROWS);
  if (fixedBatchSize !== undefined) return { ...batching, maxBulkBatchSize: fixedBatchSize };
  return { ...batching, maxBulkBatchSize: batching.maxBulkBatchSize ?? fourTimes };
}

export function isFloat(type: TensorType | 'boolean'): boolean {
  return type === 'float16' || type === 'float32' || type === 'float64';
}

export function isTensorInput(field: ManifestInput): field is TensorInput {
  return 'shape' in field && !('kind' in field);
}

export function isMediaInput(field: ManifestInput): field is MediaInput {
  return 'kind' in field;
}

export function isPlainInput(field: ManifestInput): field is PlainInput {
  return !('shape' in field);
}

export function isPlainOutput(field: ManifestOutput): field is NumberOutput | PlainOutput {
  return !('shape' in field);
}

export function isTensorOutput(field: ManifestOutput): field is TensorOutput {
  return 'shape' in field && !('kind' in field);
}

export function isMediaOutput(field: ManifestOutput): field is MediaOutput {
  return 'kind' in field;
}

/** Whether a whole number beyond ±(2^53 − 1) stays exact. */
export function isExact(field: ManifestInput | ManifestOutput): boolean {
  return 'exact' in field && field.exact === true;
}

const LARGEST_INT = 2 ** 31 - 1;

/** Whether an input takes whole numbers that a GraphQL Int cannot have. */
export function isWide(input: PlainInput): boolean {
  if (!('minimum' in input) || isFloat(input.type)) return false;
  return isExact(input) || input.minimum < -LARGEST_INT - 1 || input.maximum > LARGEST_INT;
}

/** The length of a vector; undefined for everything else. */
export function sizeOf(field: ManifestInput | ManifestOutput): number | undefined {
  return 'size' in field ? field.size : undefined;
}

/** The dimensions of one row in the tensor of an input, output or mask. */
export function rowShapeOf(field: ManifestInput | ManifestOutput | Mask): Shape {
  if ('shape' in field) return field.shape;
  return sizeOf(field) === undefined ? [] : [sizeOf(field) ?? 1];
}

/** The inputs of the graph that are made of an input. */
export function graphInputsOf(input: ManifestInput): readonly string[] {
  const extra = isMediaInput(input) && input.kind !== 'image' && input.type !== 'string' ? input : undefined;
  return [input.tensor, extra?.mask, extra && 'typeIds' in extra ? extra.typeIds : undefined].filter(
    (tensor) => tensor !== undefined,
  );
}

/** The outputs of the graph that an output is made of. */
export function graphOutputsOf(output: ManifestOutput): readonly string[] {
  const { scores, classes } = { scores: undefined, classes: undefined, ...output };
  return [output.tensor, scores, classes].filter((tensor) => tensor !== undefined);
}

/** The outputs that can be compared with an actual. */
export function numberOutputsOf({ outputs }: Pick<Manifest, 'outputs'>): readonly NumberOutput[] {
  return outputs.filter((output): output is NumberOutput => isPlainOutput(output) && 'unit' in output);
}

/** The element type of the tensor of an input, output or mask. */
export function tensorTypeOf(field: ManifestInput | ManifestOutput | Mask): TensorType {
  switch (field.type) {
    case 'enum':
      return field.values.some(({ value }) => typeof value === 'string') ? 'string' : 'int64';
    case 'boolean':
      return 'bool';
    case 'dateTime':
      return 'int64';
    default:
      return field.type;
  }
}

/** Names that must differ between models, each with the member of the manifest that gives it. */
export function graphQLNamesOf(manifest: Manifest): readonly (readonly [name: string, member: string])[] {
  return [
    ...Object.entries(manifest.graphql).map(([member, name]) => [name, `graphql.${member}`] as const),
    ...[...enumTypesOf(manifest).keys()].map((name) => [name, 'enumType'] as const),
    ...(manifest.partialOutputs ? [[partialTypeOf(manifest), 'partialOutputs'] as const] : []),
  ];
}

/** The GraphQL type of outputs that come before a run is over. */
export function partialTypeOf({ graphql }: Pick<Manifest, 'graphql'>): string {
  return `Partial${graphql.predictionType}`;
}

/** The GraphQL enum types of a manifest, by name. Inputs of the same type have the same values. */
export function enumTypesOf({ inputs }: Pick<Manifest, 'inputs'>): ReadonlyMap<string, EnumInput> {
  return new Map(
    inputs.flatMap((input) => (input.type === 'enum' ? [[input.enumType, input] as const] : [])),
  );
}
