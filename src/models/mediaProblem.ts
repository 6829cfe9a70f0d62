/** The rules of a manifest about pictures, sounds and texts that JSON Schema cannot express. */
import { DETECTION_BYTES } from './detection.ts';
import { isMediaInput, isMediaOutput, type Manifest, rowShapeOf, type Shape } from './manifest.ts';
import {
  type AudioInput,
  type ImageInput,
  type MediaInput,
  pictureElement,
  type TextInput,
} from './mediaInput.ts';
import type { DetectionsOutput, MediaOutput, PictureOutput } from './mediaOutput.ts';
import { inlineBytesOf } from './valueBytes.ts';

/** The least and the largest number of a type that pictures may exceed. */
const SMALL_TYPES: Readonly<Partial<Record<ImageInput['type'], readonly [least: number, most: number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  float16: [-65_504, 65_504],
};

/** @returns the first rule that is broken, naming the field; undefined if there is none. */
export function mediaProblem(manifest: Manifest): string | undefined {
  for (const input of manifest.inputs) {
    const problem = isMediaInput(input) ? (inputProblem(input) ?? lengthProblem(input, manifest)) : undefined;
    if (problem !== undefined) return `${input.name}: ${problem}`;
  }
  for (const output of manifest.outputs) {
    if (!isMediaOutput(output)) continue;
    const problem = batchAxisProblem(output) ?? outputProblem(output, manifest);
    if (problem !== undefined) return `${output.name}: ${problem}`;
  }
  return undefined;
}

function inputProblem(input: MediaInput): string | undefined {
  switch (input.kind) {
    case 'image':
      return layoutProblem(input) ?? normalProblem(input);
    case 'audio':
      return soundProblem(input);
    case 'text':
      return textProblem(input);
  }
}

function batchAxisProblem({ batchAxis = 0 }: MediaOutput): string | undefined {
  return batchAxis === null || batchAxis === 0 ? undefined : `batchAxis must be 0 or null, got ${batchAxis}`;
}

function outputProblem(output: MediaOutput, manifest: Manifest): string | undefined {
  if (output.kind === 'detections') return detectionsProblem(output, manifest);
  return layoutProblem(output) ?? rangeProblem(output);
}

function layoutProblem({ colors, layout, shape }: ImageInput | PictureOutput): string | undefined {
  if (layout === 'HW' && colors !== 'GRAY') return 'colors must be GRAY, since layout is HW';
  const channels = channelsOf(colors);
  const dimensions = {
    CHW: [channels, 'height', 'width'],
    HWC: ['height', 'width', channels],
    HW: ['height', 'width'],
  };
  const wanted = dimensions[layout];
  const fits =
    shape.length === wanted.length &&
    wanted.every((size, i) => (typeof size === 'number' ? shape[i] === size : shape[i] !== 0));
  return fits
    ? undefined
    : `shape must be [${wanted.join(', ')}], since layout is ${layout}, got ${shown(shape)}`;
}

function channelsOf(colors: ImageInput['colors']): number {
  return colors === 'GRAY' ? 1 : 3;
}

function normalProblem(input: ImageInput): string | undefined {
  const { colors, mean, std } = input;
  const channels = channelsOf(colors);
  for (const [name, list] of Object.entries({ mean, std }))
    if (typeof list === 'object' && list.length !== channels)
      return `${name} must be a number or a list of ${channels}, got a list of ${list.length}`;
  return [std].flat().includes(0) ? 'std must not be 0' : overflowProblem(input, channels);
}

/** Elements beyond the limits of their type would become other numbers, and no error would tell. */
function overflowProblem(input: ImageInput, channels: number): string | undefined {
  const { pad, type } = input;
  const limits = SMALL_TYPES[type];
  if (limits === undefined) return undefined;
  const [least, most] = limits;
  const isWithin = (element: number) => element >= least && element <= most;
  const expected = `from ${least} to ${most}, the numbers of ${type}`;
  if (!isWithin(pad)) return `pad must be ${expected}, got ${pad}`;
  for (let channel = 0; channel < channels; channel++) {
    const ends = [0, 255].map((value) => pictureElement(input, value, channel));
    const beyond = ends.find((end) => !isWithin(end));
    if (beyond !== undefined) return `scale, mean and std must make elements ${expected}, got ${beyond}`;
  }
  return undefined;
}

function rangeProblem({ range: [black, white] }: PictureOutput): string | undefined {
  return black === white ? `range must be of two different numbers, got ${black} twice` : undefined;
}

function soundProblem({ shape }: AudioInput): string | undefined {
  return isLine(shape) ? undefined : `shape must have one dimension that is not 1, got ${shown(shape)}`;
}

function textProblem(input: TextInput): string | undefined {
  if (input.type !== 'string') {
    if (!('tokenizer' in input)) return 'tokenizer must be given, since type is a whole number';
    return isLine(input.shape)
      ? undefined
      : `shape must have one dimension that is not 1, got ${shown(input.shape)}`;
  }
  const extra = ['tokenizer', 'mask', 'typeIds'].find((member) => member in input);
  if (extra !== undefined) return `type must be int32 or int64, since ${extra} is given`;
  return input.shape.length === 0
    ? undefined
    : `shape must be [], since type is string, got ${shown(input.shape)}`;
}

function isLine(shape: Shape): boolean {
  return shape.filter((size) => size !== 1 && size !== 0).length === 1 && !shape.includes(0);
}

/** The sizes of a file are known only when it is decoded, after batches were formed. */
function lengthProblem(input: MediaInput, { axes, batching, inputs, masks }: Manifest): string | undefined {
  for (const axis of input.shape) {
    if (typeof axis === 'number') continue;
    const runs = Math.max(batching.maxBatchSize, batching.maxBulkBatchSize ?? 1);
    if (axes[axis]?.buckets === undefined && runs !== 1)
      return `axis ${axis} must have buckets, or batching.maxBatchSize must be 1, since ${axis} varies`;
    const others = [
      ...inputs.filter((other) => other !== input).map(rowShapeOf),
      ...masks.map(({ shape }) => shape),
    ];
    if (others.some((shape) => shape.includes(axis)))
      return `axis ${axis} must not be used by another input or in masks: its size is known only when the input is decoded`;
  }
  return undefined;
}

function detectionsProblem(output: DetectionsOutput, { inputs, outputs }: Manifest): string | undefined {
  const { backgroundLabels, columns, labels, maximum, picture, scores, shape, transposed } = output;
  const most = Math.floor(inlineBytesOf(outputs) / DETECTION_BYTES);
  if (maximum > most)
    return `maximum must be at most ${most}, so that the detections fit into a message, got ${maximum}`;
  const input = inputs.find(({ name }) => name === picture);
  if (input === undefined || !isMediaInput(input) || input.kind !== 'image')
    return `picture must name an input of the kind image, got ${picture}`;
  for (const [from, center, to, size] of [
    ['x1', 'centerX', 'x2', 'width'],
    ['y1', 'centerY', 'y2', 'height'],
  ] as const) {
    const has = (column: (typeof columns)[number]) => columns.includes(column);
    const isSide = has(from) !== has(center) && has(to) !== has(size) && !(has(center) && has(to));
    if (!isSide) return `columns must have ${from} and ${to}, ${from} and ${size}, or ${center} and ${size}`;
  }
  const width = transposed ? shape[0] : shape[1];
  if (shape.length !== 2 || typeof width !== 'number' || width < columns.length)
    return `shape must be ${transposed ? '[numbers of a box, boxes]' : '[boxes, numbers of a box]'}, with ${columns.length} numbers at least, got ${shown(shape)}`;
  const inColumns = width - columns.length;
  if (scores === undefined && !columns.includes('score') && inColumns !== labels.length)
    return `labels must be ${inColumns}, as many as the numbers behind columns, got ${labels.length}`;
  const unknown = backgroundLabels.find((label) => !labels.includes(label));
  return unknown && `backgroundLabels must be among labels, got ${unknown}`;
}

function shown(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
