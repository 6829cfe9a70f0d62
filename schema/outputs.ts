/** The GraphQL type of each output of a model, and how its values are read from a result. */
import type { Task } from '../src/contract/task.ts';
import { ELEMENT_BYTES, elementsOf, type TensorValue } from '../src/contract/tensor.ts';
import type { Value } from '../src/contract/values.ts';
import {
  isExact,
  isMediaOutput,
  isTensorOutput,
  type ManifestOutput,
  sizeOf,
  type TensorOutput,
  tensorTypeOf,
} from '../src/models/manifest.ts';
import type { MediaOutput } from '../src/models/mediaOutput.ts';
import type { Model } from '../src/models/models.ts';
import { AnswerBudgets } from './answerBudgets.ts';
import type { Builder } from './builder.ts';
import { type DetectionsOfTask, defineDetections } from './detections.ts';
import { defineLabelScores } from './labelScores.ts';
import { definePicture, type PictureOfTask } from './picture.ts';
import { type PlaceOfValue, placeOf, resultUnreadable } from './placeOfValue.ts';
import { defineTensor } from './tensor.ts';

const LIST_OF_NUMBERS: ['Float'] = ['Float'];

export type Outputs = ReturnType<typeof defineOutputs>;

/** Defines the types that outputs of the models have. */
export function defineOutputs(builder: Builder, models: readonly Model[]) {
  const budgets = new AnswerBudgets();
  const tensorRef = defineTensor(builder, models, budgets);
  const labelScoresRef = defineLabelScores(builder, models, budgets);
  const detectionsRef = defineDetections(builder, models, budgets);
  const pictureRef = definePicture(builder, models, budgets);
  return {
    /** The type of one value. */
    typeOf(output: ManifestOutput) {
      if (isMediaOutput(output)) return defined(output.kind === 'image' ? pictureRef : detectionsRef);
      if (isTensorOutput(output)) return defined(tensorRef);
      if ('labels' in output) return defined(labelScoresRef);
      if (output.type === 'string') return 'String';
      if (output.type === 'boolean') return 'Boolean';
      if (isExact(output)) return 'BigInt';
      return sizeOf(output) === undefined ? 'Float' : LIST_OF_NUMBERS;
    },
  };
}

function defined<T>(ref: T | undefined): T {
  if (ref === undefined) throw new Error('the types of all outputs are defined');
  return ref;
}

/**
 * The value of an output in the form that its type reads. The value may be missing or of another kind if the manifest
 * was changed after the result was stored, or if another program has written the result.
 *
 * @param task that it belongs to; of a row batch also the index of the row.
 * @throws {RequestError} `RESULT_UNREADABLE`.
 */
export function readOutput(
  output: ManifestOutput,
  value: Value | undefined,
  task: Task,
  row?: number,
): unknown {
  if (isMediaOutput(output)) return readMediaOutput(output, value, () => placeOf(task, output.name, row));
  if (isTensorOutput(output)) {
    if (!isTensorOf(output, value)) throw resultUnreadable(output);
    return { output, value, ...placeOf(task, output.name, row) };
  }
  if (value === undefined || !isOf(output, value)) throw resultUnreadable(output);
  if (!('labels' in output)) return value;
  return { output: output.name, labels: output.labels, scores: value };
}

function readMediaOutput(
  output: MediaOutput,
  value: Value | undefined,
  place: () => PlaceOfValue,
): DetectionsOfTask | PictureOfTask {
  if (typeof value !== 'object' || !('base64' in value || 'blob' in value)) throw resultUnreadable(output);
  if (output.kind === 'image') return { output, value, ...place() };
  if (!('base64' in value)) throw resultUnreadable(output);
  return { output, base64: value.base64 };
}

function isOf(output: ManifestOutput, value: Value): boolean {
  if (output.type === 'string' || output.type === 'boolean') return typeof value === output.type;
  if (sizeOf(output) !== undefined) return Array.isArray(value);
  return typeof value === 'number' || (isExact(output) && typeof value === 'string');
}

function isTensorOf(output: TensorOutput, value: Value | undefined): value is TensorValue {
  if (typeof value !== 'object' || !('shape' in value)) return false;
  const { shape } = value;
  const fits =
    shape.length === output.shape.length &&
    output.shape.every((size, i) => typeof size === 'string' || size === shape[i]);
  const type = tensorTypeOf(output);
  if (!fits) return false;
  if (type === 'string') return 'texts' in value && value.texts.length === elementsOf(shape);
  const bytes = elementsOf(shape) * ELEMENT_BYTES[type];
  if ('base64' in value) return value.base64.length === 4 * Math.ceil(bytes / 3);
  return 'blob' in value && value.bytes === bytes;
}

export function describeOutput(output: ManifestOutput): string {
  const unit = 'unit' in output && output.unit !== undefined ? [`unit: ${output.unit}`] : [];
  const facts = isTensorOutput(output)
    ? [`${tensorTypeOf(output)} of the shape [${output.shape.join(', ')}]`, ...unit]
    : [...unit, ...(sizeOf(output) === undefined ? [] : [`a list of ${sizeOf(output)}`])];
  if (facts.length === 0) return output.description;
  const text = facts.join('; ');
  return `${output.description} ${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
