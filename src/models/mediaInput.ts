/**
 * Inputs that are made from a file or a text: a client sends a picture, a sound or a text, and the graph gets a tensor.
 * `type` and `shape` say which one. `models/manifest.schema.json` explains the other members and has their defaults.
 */
import type { Shape } from './manifest.ts';

interface MediaField {
  readonly name: string;
  readonly tensor: string;
  readonly description: string;
  readonly batchAxis?: number | null;
  /** A file has none. */
  readonly default?: undefined;
  /** Of one row. */
  readonly shape: Shape;
  /** The element that fills up a tensor that is too short. */
  readonly pad: number;
  /** Of the file, or of the text in UTF-8. */
  readonly maxBytes: number;
}

interface LongField extends MediaField {
  /** The graph's input that is 1 where the tensor is real, and 0 where it is filled up. */
  readonly mask?: string;
  /** Whether one that is too long is cut off at its end; else it is refused. */
  readonly truncate: boolean;
}

export interface ImageInput extends MediaField {
  readonly kind: 'image';
  readonly type: 'int8' | 'uint8' | 'float16' | 'float32' | 'float64';
  /** The order of the dimensions: channels, height, width. `HW` has one channel and no dimension for it. */
  readonly layout: 'CHW' | 'HWC' | 'HW';
  readonly colors: 'RGB' | 'BGR' | 'GRAY';
  readonly fit: 'stretch' | 'letterbox' | 'crop';
  readonly cropRatio: number;
  readonly interpolation: 'nearest' | 'linear' | 'cubic' | 'lanczos3';
  /** An element is (value × scale − mean) / std, with a value from 0 to 255. */
  readonly scale: number;
  /** One for each channel, in the order of `colors`, or one for all. */
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
  /** Behind transparent parts. */
  readonly background: string;
  readonly letterboxColor: string;
  readonly maxPixels: number;
}

export interface AudioInput extends LongField {
  readonly kind: 'audio';
  readonly type: 'float16' | 'float32' | 'float64';
  /** Samples a second. */
  readonly rate: number;
}

/** A text as it is. */
export interface PlainTextInput extends MediaField {
  readonly kind: 'text';
  readonly type: 'string';
  readonly tokenizer?: undefined;
}

export interface TokenInput extends LongField {
  readonly kind: 'text';
  readonly type: 'int32' | 'int64';
  /** A file in the folder of the version. */
  readonly tokenizer: string;
  /** The graph's input for the types of the tokens. */
  readonly typeIds?: string;
}

/** The dimensions of a picture's tensor that are its height and width. */
export function sidesOf<T extends number | string>(
  layout: ImageInput['layout'],
  shape: readonly T[],
): { readonly height: T | 1; readonly width: T | 1 } {
  const [height = 1, width = 1] = layout === 'CHW' ? shape.slice(1) : shape;
  return { height, width };
}

/** The element of the tensor for a value of a pixel, from 0 to 255. */
export function pictureElement(
  { type, scale, mean, std }: ImageInput,
  value: number,
  channel: number,
): number {
  const [center = 0, spread = 1] = [mean, std].map((of) => (typeof of === 'number' ? of : of[channel]));
  const element = (value * scale - center) / spread;
  return type === 'int8' || type === 'uint8' ? Math.round(element) : element;
}

export type TextInput = PlainTextInput | TokenInput;
export type MediaInput = ImageInput | AudioInput | TextInput;
