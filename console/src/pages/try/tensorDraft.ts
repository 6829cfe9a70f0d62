/** Reads what was entered for a tensor: a list of elements, one value for all, or a file of their bytes. */
import type { ModelField } from '../../api/models.ts';
import { type Read, readNumber } from './readText.ts';

type Shape = readonly number[];

export interface TensorDraft {
  readonly form: 'list' | 'fill' | 'file';
  readonly text: string;
  readonly file?: Blob | undefined;
  /** Its dimensions, where more than one of them varies. */
  readonly shape: string;
}

export async function tensorValue(
  field: ModelField,
  draft: TensorDraft,
  bytesInput: (bytes: Blob) => Promise<object>,
): Promise<Read> {
  if (draft.form === 'file' && draft.file !== undefined)
    return shaped(field, draft, undefined, await bytesInput(draft.file));
  if (draft.form === 'fill') {
    const read = readNumber({ ...field, valueType: 'FLOAT64' }, draft.text);
    return 'problem' in read ? read : shaped(field, draft, undefined, { fill: read.value });
  }
  return tensorOfText(field, draft);
}

/** Of its elements as a text. */
export function tensorOfText(field: ModelField, entered: Pick<TensorDraft, 'text' | 'shape'>): Read {
  const list = elementsIn(field, entered.text);
  if ('problem' in list) return list;
  return shaped(field, entered, list, { [listName(field)]: list.elements });
}

interface List {
  readonly elements: readonly unknown[];
  /** If the text was a list of lists. */
  readonly shape: Shape | undefined;
}

/** JSON, also of lists of lists; or elements with commas or spaces between them; or texts, one a line. */
function elementsIn(field: ModelField, text: string): List | { readonly problem: string } {
  if (text.trim().startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(text);
      return { elements: [parsed].flat(Number.POSITIVE_INFINITY), shape: shapeOf(parsed) };
    } catch {
      return { problem: 'Begins with [ and is no list in JSON.' };
    }
  }
  if (field.valueType === 'STRING') return { elements: text.split(/\r?\n/), shape: undefined };
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  if (field.valueType === 'BOOLEAN')
    return { elements: parts.map((part) => /^(true|1)$/i.test(part)), shape: undefined };
  const read = parts.map((part) => readNumber(field, part));
  const wrong = read.find((one) => 'problem' in one);
  if (wrong !== undefined) return wrong;
  return { elements: read.map((one) => ('value' in one ? one.value : 0)), shape: undefined };
}

function shapeOf(value: unknown): Shape {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

/** A tensor whose size varies is sent with its shape. */
function shaped(
  field: ModelField,
  { shape: entered }: Pick<TensorDraft, 'shape'>,
  list: List | undefined,
  data: object,
): Read {
  const dimensions = field.shape ?? [];
  if (dimensions.every(({ size }) => size !== null)) return { value: data };
  if (entered.trim() !== '') return { value: { shape: entered.split(/[\s,x×]+/).map(Number), data } };
  if (list?.shape !== undefined && list.shape.length === dimensions.length)
    return { value: { shape: list.shape, data } };
  const known = dimensions.reduce((product, { size }) => product * (size ?? 1), 1);
  if (dimensions.filter(({ size }) => size === null).length > 1 || list === undefined)
    return { problem: `The shape is needed: ${dimensions.length} sizes, such as 2 × 3` };
  const rest = list.elements.length / known;
  return { value: { shape: dimensions.map(({ size }) => size ?? rest), data } };
}

function listName({ valueType }: ModelField): string {
  if (valueType === 'STRING') return 'texts';
  if (valueType === 'BOOLEAN') return 'booleans';
  return valueType === 'INT64' || valueType === 'UINT64' ? 'integers' : 'values';
}

/** The draft of a value of the example, as the schema takes it. */
export function tensorDraftOf(value: unknown): TensorDraft {
  const given = value as { shape?: Shape; data?: object };
  const data: object = given.data ?? (value as object);
  const [form, elements] = Object.entries(data)[0] ?? ['values', []];
  if (form === 'fill') return { form: 'fill', text: String(elements), shape: given.shape?.join(' × ') ?? '' };
  if (!Array.isArray(elements)) return { form: 'list', text: '', shape: '' };
  // One size that varies follows from the number of elements.
  const shape = given.shape !== undefined && given.shape.length > 1 ? given.shape.join(' × ') : '';
  return { form: 'list', text: elements.join(form === 'texts' ? '\n' : ', '), shape };
}
