/** The GraphQL type of a tensor that a model has answered. */
import type { GraphQLResolveInfo } from 'graphql';
import { badValue, quoted } from '../src/contract/errors.ts';
import { ELEMENT_BYTES, type ElementType, elementsOf, type TensorValue } from '../src/contract/tensor.ts';
import { type Elements, elementsIn, exactNumber, INTEGER_RANGES } from '../src/models/elements.ts';
import { isTensorOutput, type TensorOutput, type TensorType, tensorTypeOf } from '../src/models/manifest.ts';
import type { Model } from '../src/models/models.ts';
import { type AnswerBudgets, ITEM_BYTES } from './answerBudgets.ts';
import type { WholeNumber } from './bigInt.ts';
import type { Builder, Context } from './builder.ts';
import { firstBytes } from './firstBytes.ts';
import { type PlaceOfValue, resultUnreadable } from './placeOfValue.ts';

/** A tensor with what its fields need. */
export interface TensorOfTask extends PlaceOfValue {
  readonly output: TensorOutput;
  readonly value: TensorValue;
}

interface TensorColumn {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

export type TensorRef = NonNullable<ReturnType<typeof defineTensor>>;

/** The types of elements, by their names in GraphQL. */
const ELEMENT_TYPES = {
  int8: 'INT8',
  uint8: 'UINT8',
  int16: 'INT16',
  uint16: 'UINT16',
  int32: 'INT32',
  uint32: 'UINT32',
  int64: 'INT64',
  uint64: 'UINT64',
  float16: 'FLOAT16',
  float32: 'FLOAT32',
  float64: 'FLOAT64',
  bool: 'BOOLEAN',
  string: 'STRING',
} as const satisfies Readonly<Record<TensorType, string>>;

/** In messages. */
const SHOWN_COLUMNS = 20;
/** The points of complexity of a list or text of a tensor. */
const POINTS = 5;

/** Defined only if a model answers with tensors: a schema has no types that cannot be used. */
export function defineTensor(builder: Builder, models: readonly Model[], budgets: AnswerBudgets) {
  if (!models.some(({ manifest }) => manifest.outputs.some(isTensorOutput))) return undefined;
  const typeEnum = builder.enumType('TensorType', {
    description: 'The type of the elements of a tensor. `base64` has them little-endian.',
    values: Object.fromEntries(
      Object.entries(ELEMENT_TYPES).map(([type, name]) => [
        name,
        { description: describe(type as TensorType) },
      ]),
    ) as Readonly<Record<(typeof ELEMENT_TYPES)[TensorType], { readonly description: string }>>,
  });

  const columnRef = defineTensorColumn(builder, models);
  const read = new TensorReader(budgets);
  return builder.objectRef<TensorOfTask>('Tensor').implement({
    description:
      'A tensor. Its elements come in row-major order, in the form that is asked for. A form that its type cannot have is null. All tensors of one answer may have 4 MiB together, where an item of a list counts as 16 bytes; beyond that the error is `RESULT_TOO_LARGE`. Errors also: `BAD_USER_INPUT`, `BLOB_NOT_FOUND`, `RESULT_UNREADABLE`, `BROKER_UNAVAILABLE`.',
    fields: (t) => {
      const first = { first: t.arg.int({ description: 'The most elements, from 1. Default: all.' }) };
      const points = { extensions: { points: POINTS } };
      const nullableItems = { list: true, items: true } as const;
      return {
        shape: t.intList({
          description: 'Its dimensions, without the batch.',
          resolve: ({ value }) => [...value.shape],
        }),
        type: t.field({
          type: typeEnum,
          description: 'The type of its elements.',
          resolve: ({ output }) => ELEMENT_TYPES[tensorTypeOf(output)],
        }),
        values: t.floatList({
          ...points,
          nullable: nullableItems,
          description: `Its elements as numbers. NaN and infinite numbers are null, since JSON has none: \`base64\` has them. Whole numbers beyond ±(2^53 − 1) are rounded: \`integers\` has them. Null for texts and booleans. ${POINTS} points of complexity.`,
          args: first,
          resolve: (tensor, args, context, info) => read.values(tensor, { ...args, context, info }),
        }),
        integers: t.field({
          ...points,
          type: ['BigInt'],
          nullable: true,
          description: `Its elements as exact whole numbers. Null for all types but whole numbers. ${POINTS} points of complexity.`,
          args: first,
          resolve: (tensor, args, context, info) => read.integers(tensor, { ...args, context, info }),
        }),
        booleans: t.booleanList({
          ...points,
          nullable: true,
          description: `Its elements, if they are booleans; else null. ${POINTS} points of complexity.`,
          args: first,
          resolve: (tensor, args, context, info) => read.booleans(tensor, { ...args, context, info }),
        }),
        texts: t.stringList({
          ...points,
          nullable: true,
          description: `Its elements, if they are texts; else null. ${POINTS} points of complexity.`,
          args: first,
          resolve: (tensor, args, context, info) => read.texts(tensor, { ...args, context, info }),
        }),
        ...(columnRef && {
          columns: t.field({
            ...points,
            type: [columnRef],
            nullable: true,
            description: `The numbers of each of its named columns: those at one place of its last axis. Null if its columns have no names: \`ModelField.columns\` tells them. ${POINTS} points of complexity.`,
            args: {
              names: t.arg.stringList({ description: 'The wanted columns. Default: all.' }),
              first: t.arg.int({ description: 'The most numbers of each column, from 1. Default: all.' }),
            },
            resolve: (tensor, args, context, info) => read.columns(tensor, { ...args, context, info }),
          }),
        }),
        base64: t.string({
          ...points,
          nullable: true,
          description: `The bytes of all elements in base64, little-endian; a boolean is a byte, 0 or 1. Null for texts. ${POINTS} points of complexity.`,
          resolve: (tensor, _args, context, info) => read.base64(tensor, { context, info }),
        }),
        url: t.string({
          nullable: true,
          description:
            'Path on this gateway from which the bytes of all elements can be downloaded, however many they are, with the same login as the task. Null for texts.',
          resolve: ({ url, value }) => ('texts' in value ? null : url),
        }),
      };
    },
  });
}

/** Defined only if a model has such an output. */
function defineTensorColumn(builder: Builder, models: readonly Model[]) {
  const hasColumns = models.some(({ manifest }) =>
    manifest.outputs.some((output) => isTensorOutput(output) && output.columns !== undefined),
  );
  if (!hasColumns) return undefined;
  return builder.objectRef<TensorColumn>('TensorColumn').implement({
    description: 'A named column of a tensor.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      values: t.floatList({
        nullable: { list: false, items: true },
        description: 'Its numbers in row-major order of the other axes; as in `Tensor.values`.',
        resolve: ({ values }) => [...values],
      }),
    }),
  });
}

function describe(type: TensorType): string {
  if (type === 'string') return 'Texts. They have no `base64`.';
  if (type === 'bool') return 'Booleans, a byte each.';
  const kind = INTEGER_RANGES[type] === undefined ? 'Numbers' : 'Whole numbers';
  const sign = type.startsWith('u') ? ' without a sign' : '';
  return `${kind} of ${8 * ELEMENT_BYTES[type]} bits${sign}.`;
}

interface Asked {
  /** Of columns. */
  readonly names?: readonly string[] | null | undefined;
  readonly first?: number | null | undefined;
  readonly context: Context;
  readonly info: GraphQLResolveInfo;
}

/** Reads the elements of tensors in each form; null where a type does not have the form. */
class TensorReader {
  readonly #budgets: AnswerBudgets;

  constructor(budgets: AnswerBudgets) {
    this.#budgets = budgets;
  }

  async values(tensor: TensorOfTask, asked: Asked): Promise<(number | null)[] | null> {
    const type = tensorTypeOf(tensor.output);
    if (type === 'string' || type === 'bool') return null;
    const elements = await this.#elements(tensor, type, asked);
    return Array.from<number | bigint, number | null>(elements, finite);
  }

  async columns(tensor: TensorOfTask, asked: Asked): Promise<readonly TensorColumn[] | null> {
    const { output, value } = tensor;
    const type = tensorTypeOf(output);
    if (output.columns === undefined || type === 'string') return null;
    const width = output.columns.length;
    const places = placesOf(output.columns, asked.names);
    const count = firstOf(output, elementsOf(value.shape) / width, asked);
    this.#take(tensor, asked, ITEM_BYTES * count * places.length);
    const bytes = await readBytes(tensor, count * width * ELEMENT_BYTES[type], asked.context);
    const elements = elementsIn(type, bytes);
    return places.map(({ name, place }) => ({
      name,
      values: Array.from({ length: count }, (_, row) => finite(elements[row * width + place] ?? 0)),
    }));
  }

  async integers(tensor: TensorOfTask, asked: Asked): Promise<WholeNumber[] | null> {
    const type = tensorTypeOf(tensor.output);
    if (type === 'string' || type === 'bool' || INTEGER_RANGES[type] === undefined) return null;
    const elements = await this.#elements(tensor, type, asked);
    return Array.from<number | bigint, WholeNumber>(elements, (element) =>
      typeof element === 'bigint' ? exactNumber(element) : element,
    );
  }

  async booleans(tensor: TensorOfTask, asked: Asked): Promise<boolean[] | null> {
    if (tensorTypeOf(tensor.output) !== 'bool') return null;
    const elements = await this.#elements(tensor, 'bool', asked);
    return Array.from<number | bigint, boolean>(elements, (element) => element !== 0);
  }

  texts(tensor: TensorOfTask, asked: Asked): readonly string[] | null {
    const { value } = tensor;
    if (!('texts' in value)) return null;
    const texts = value.texts.slice(0, countOf(tensor, asked));
    const bytes = texts.reduce((sum, { length }) => sum + length, ITEM_BYTES * texts.length);
    this.#take(tensor, asked, bytes);
    return texts;
  }

  async base64(tensor: TensorOfTask, asked: Asked): Promise<string | null> {
    const { value, output } = tensor;
    if ('texts' in value) return null;
    if ('base64' in value) {
      this.#take(tensor, asked, value.base64.length);
      return value.base64;
    }
    const size = elementsOf(value.shape) * ELEMENT_BYTES[tensorTypeOf(output) as ElementType];
    this.#take(tensor, asked, Math.ceil((4 / 3) * size));
    return (await readBytes(tensor, size, asked.context)).toBase64();
  }

  async #elements(tensor: TensorOfTask, type: ElementType, asked: Asked): Promise<Elements> {
    const count = countOf(tensor, asked);
    this.#take(tensor, asked, ITEM_BYTES * count);
    return elementsIn(type, await readBytes(tensor, count * ELEMENT_BYTES[type], asked.context));
  }

  #take({ output, url }: TensorOfTask, asked: Asked, bytes: number): void {
    const what = `${asked.info.fieldName} of ${output.name}`;
    const isText = tensorTypeOf(output) === 'string';
    const instead = `Ask for fewer with first${isText ? '' : `, or download ${url}`}.`;
    this.#budgets.take(asked, bytes, { what, instead });
  }
}

/** JSON has no NaN and no infinite numbers. */
function finite(element: number | bigint): number | null {
  const number = Number(element);
  return Number.isFinite(number) ? number : null;
}

/** @throws {RequestError} `BAD_USER_INPUT` if a name is none of the columns. */
function placesOf(
  columns: readonly string[],
  names: Asked['names'],
): readonly { readonly name: string; readonly place: number }[] {
  return (names ?? columns).map((name) => {
    const place = columns.indexOf(name);
    if (place === -1)
      throw badValue('names', `among ${columns.slice(0, SHOWN_COLUMNS).join(', ')}`, quoted(name));
    return { name, place };
  });
}

/** The number of elements that are asked for. */
function countOf({ value, output }: TensorOfTask, asked: Asked): number {
  return firstOf(output, elementsOf(value.shape), asked);
}

function firstOf(output: TensorOutput, count: number, { first }: Asked): number {
  if (first == null) return count;
  if (first < 1) throw badValue('first', `from 1, the number of elements of ${output.name}`, String(first));
  return Math.min(first, count);
}

/** The first bytes of a tensor. @throws {RequestError} `RESULT_UNREADABLE` if there are fewer. */
async function readBytes(
  { value, output, owner }: TensorOfTask,
  length: number,
  context: Context,
): Promise<Uint8Array<ArrayBuffer>> {
  if ('texts' in value) throw resultUnreadable(output);
  const bytes = await firstBytes(value, owner, length, context);
  if (bytes.length !== length) throw resultUnreadable(output);
  return bytes;
}
