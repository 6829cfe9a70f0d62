/**
 * Outputs that are more than a tensor: what a graph detects in a picture, and pictures that it makes.
 * `models/manifest.schema.json` explains the members and has their defaults.
 */
import type { Shape } from './manifest.ts';

interface MediaField {
  readonly name: string;
  readonly tensor: string;
  readonly description: string;
  readonly batchAxis?: number | null;
  readonly type: 'uint8' | 'float16' | 'float32' | 'float64';
  /** Of one row. */
  readonly shape: Shape;
}

export type BoxColumn =
  | 'x1'
  | 'y1'
  | 'x2'
  | 'y2'
  | 'centerX'
  | 'centerY'
  | 'width'
  | 'height'
  | 'objectness'
  | 'score'
  | 'class';

/** The tensor has a row of numbers for each box. */
export interface DetectionsOutput extends MediaField {
  readonly kind: 'detections';
  /** What the first numbers of a box are. Those behind them are its scores, one for each of `labels`. */
  readonly columns: readonly BoxColumn[];
  /** Whether the tensor has a row for each column instead. */
  readonly transposed: boolean;
  /** Whether coordinates are shares of the tensor's sides, or its pixels. */
  readonly coordinates: 'relative' | 'pixels';
  /** The image input that boxes lie in. */
  readonly picture: string;
  /** The graph's output with a score for each box, or one for each of `labels`. */
  readonly scores?: string;
  /** The graph's output with the class of each box. */
  readonly classes?: string;
  readonly labels: readonly string[];
  /** Those of `labels` that stand for no object. */
  readonly backgroundLabels: readonly string[];
  readonly minScore: number;
  /** The intersection of two boxes of a label, divided by their union, at which the lower score is left out. */
  readonly maxOverlap: number;
  readonly maximum: number;
}

export interface PictureOutput extends MediaField {
  readonly kind: 'image';
  readonly layout: 'CHW' | 'HWC' | 'HW';
  readonly colors: 'RGB' | 'BGR' | 'GRAY';
  /** The elements that are black and white. */
  readonly range: readonly [black: number, white: number];
}

export type MediaOutput = DetectionsOutput | PictureOutput;
