/**
 * The manifest of a model, `model.json`: what it is called, takes and returns. `models/manifest.schema.json` says what
 * each member means, `src/models/manifestCheck.ts` what else has to hold. Inputs and outputs are told apart by `type`.
 */
import type { Values } from '../contract/values.ts';

export type NumberType = 'int64' | 'int32' | 'float32' | 'float64';

/** The element type of a tensor, as ONNX Runtime names it. */
export type TensorType = NumberType | 'string' | 'bool';

interface Field {
  /** The GraphQL field. */
  readonly name: string;
  /** The input or output of the ONNX graph. */
  readonly tensor: string;
  readonly description: string;
}

interface NumberField extends Field {
  readonly type: NumberType;
  readonly unit: string;
  /** Makes it a vector of exactly so many numbers. */
  readonly size?: number;
}

export interface NumberInput extends NumberField {
  /** The limits of the number, or of each number of the vector; both are included. */
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number | readonly number[];
}

export interface StringInput extends Field {
  readonly type: 'string';
  /** In characters: Unicode code points. */
  readonly maxLength: number;
  readonly default?: string;
}

/** One of a set of names. Everywhere but in the tensor it is the name that stands. */
export interface EnumInput extends Field {
  readonly type: 'enum';
  /** The GraphQL enum type. */
  readonly enumType: string;
  /** The values that the names stand for in the tensor are all texts or all whole numbers. */
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

export type ManifestInput = NumberInput | StringInput | EnumInput | BooleanInput | DateTimeInput;

export interface NumberOutput extends NumberField {
  /** What an actual can be, or each number of it; absent: any number. Predictions are not held to it. */
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface PlainOutput extends Field {
  readonly type: 'string' | 'boolean';
}

export type ManifestOutput = NumberOutput | PlainOutput;

export interface GraphQLNames {
  readonly mutation: string;
  readonly batchMutation: string;
  readonly inputType: string;
  readonly predictionType: string;
  readonly columnsType: string;
}

export interface Batching {
  readonly maxBatchSize: number;
  /** Of the rows of a batch that was submitted as one task. */
  readonly maxBulkBatchSize: number;
  readonly maxWaitMs: number;
}

export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly versions: 'all' | 'latest' | readonly number[];
  readonly graphql: GraphQLNames;
  readonly inputs: readonly ManifestInput[];
  readonly outputs: readonly ManifestOutput[];
  readonly batching: Batching;
  /** Whether tasks of one batch that ask the same share a row of its run. */
  readonly coalesce: boolean;
  readonly limits: {
    readonly timeoutMs: number;
    readonly runTimeoutMs: number;
    readonly maxAttempts: number;
  };
  readonly example: Values;
}

/** The unit of a number of which nobody has said one. */
export const UNKNOWN_UNIT = 'unknown';

/** Characters of a text that a model gives; a longer one fails its row. */
export const MAX_OUTPUT_CHARACTERS = 1_000;

/** Rows that one run may be given. */
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

/** A run of a batch may take four times as long as one of single tasks; a model that takes one row a run is left at that. */
export function completeBatching(batching: Omit<Batching, 'maxBulkBatchSize'> & Partial<Batching>): Batching {
  const { maxBatchSize } = batching;
  const fourTimes = maxBatchSize === 1 ? 1 : Math.min(4 * maxBatchSize, MAX_RUN_ROWS);
  return { ...batching, maxBulkBatchSize: batching.maxBulkBatchSize ?? fourTimes };
}

export function isFloat(type: NumberType): boolean {
  return type === 'float32' || type === 'float64';
}

/** How many numbers a vector has; undefined for everything else. */
export function sizeOf(field: ManifestInput | ManifestOutput): number | undefined {
  return 'size' in field ? field.size : undefined;
}

/** The outputs that an actual can be compared with. */
export function numberOutputsOf({ outputs }: Pick<Manifest, 'outputs'>): readonly NumberOutput[] {
  return outputs.filter((output) => 'unit' in output);
}

/** The element type of the tensor that the values of an input or output stand in. */
export function tensorTypeOf(field: ManifestInput | ManifestOutput): TensorType {
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

/** Names that only one model may have, each with the member of its manifest that gives it. */
export function graphQLNamesOf(manifest: Manifest): readonly (readonly [name: string, member: string])[] {
  return [
    ...Object.entries(manifest.graphql).map(([member, name]) => [name, `graphql.${member}`] as const),
    ...[...enumTypesOf(manifest).keys()].map((name) => [name, 'enumType'] as const),
  ];
}

/** The GraphQL enum types of a manifest, by name. Inputs that share one have the same values. */
export function enumTypesOf({ inputs }: Pick<Manifest, 'inputs'>): ReadonlyMap<string, EnumInput> {
  return new Map(
    inputs.flatMap((input) => (input.type === 'enum' ? [[input.enumType, input] as const] : [])),
  );
}
