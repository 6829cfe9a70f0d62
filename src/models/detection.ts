/** Detections in results: a tensor of float32 with a row for each, little-endian, as base64. */

import { elementsIn } from './elements.ts';
import type { DetectionsOutput } from './mediaOutput.ts';

export interface Detection {
  /** The corners of its box, in pixels of the picture that was sent, upright. */
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly score: number;
  readonly label: string;
}

/** The numbers of a detection: x1, y1, x2, y2, score, index of the label. */
export const DETECTION_WIDTH = 6;
/** Of float32. */
export const DETECTION_BYTES = 4 * DETECTION_WIDTH;

/** The detections in a value, those of the highest scores first. */
export function detectionsIn({ labels }: DetectionsOutput, base64: string): readonly Detection[] {
  const numbers = elementsIn('float32', Uint8Array.fromBase64(base64)) as Float32Array;
  return Array.from({ length: numbers.length / DETECTION_WIDTH }, (_, i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, score = 0, label = 0] = numbers.subarray(
      i * DETECTION_WIDTH,
      (i + 1) * DETECTION_WIDTH,
    );
    return { x1, y1, x2, y2, score, label: labels[label] ?? '' };
  });
}
