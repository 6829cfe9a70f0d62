/**
 * Chooses the detections in what a graph says of many boxes: those whose score is high enough, without those that
 * overlap a better one of their label (non-maximum suppression), the best ones first. Boxes are brought back to the
 * picture as it was sent.
 */
import type { BoxColumn, DetectionsOutput } from '../../src/models/mediaOutput.ts';
import type { Placement, Size } from './placement.ts';

/** A tensor of one row. */
export interface RowTensor {
  readonly data: ArrayLike<number | bigint>;
  readonly dims: readonly number[];
}

/** `scores` and `classes` are there if the manifest names them. */
export interface DetectionTensors {
  readonly boxes: RowTensor;
  readonly scores: RowTensor | undefined;
  readonly classes: RowTensor | undefined;
}

/** A box in the tensor of the picture, in the unit of the graph. */
interface Candidate {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly score: number;
  readonly label: number;
}

/**
 * @param size of the picture's tensor.
 * @param placement where the picture lies in it.
 * @returns the tensor of detections, see `src/models/detection.ts`.
 * @throws {RangeError} if the graph names a class that has no label, or a box that is not finite.
 */
export function chooseDetections(
  tensors: DetectionTensors,
  output: DetectionsOutput,
  size: Size,
  placement: Placement,
): Float32Array<ArrayBuffer> {
  const kept: Candidate[] = [];
  for (const candidate of candidatesIn(tensors, output).toSorted((a, b) => b.score - a.score)) {
    if (kept.length === output.maximum) break;
    const isCovered = kept.some(
      (other) => other.label === candidate.label && overlapOf(other, candidate) > output.maxOverlap,
    );
    if (!isCovered) kept.push(candidate);
  }
  const unit = output.coordinates === 'relative' ? size : { width: 1, height: 1 };
  return Float32Array.from(kept.flatMap((candidate) => inPicture(candidate, unit, placement)));
}

function candidatesIn(tensors: DetectionTensors, output: DetectionsOutput): readonly Candidate[] {
  const { columns, labels, minScore } = output;
  const boxes = tableOf(tensors.boxes, output.transposed);
  const places = new Map(columns.map((column, i) => [column, i]));
  const read = (box: number, column: BoxColumn): number | undefined => {
    const place = places.get(column);
    return place === undefined ? undefined : boxes.at(box, place);
  };
  const best = bestLabelReader(tensors, output);
  const candidates: Candidate[] = [];
  for (let box = 0; box < boxes.count; box++) {
    const { score, label } = best(box, (column) => read(box, column), boxes);
    if (!(score >= minScore)) continue;
    if (labels[label] === undefined)
      throw new RangeError(`${output.name} must be of a class from 0 to ${labels.length - 1}, got ${label}`);
    if (output.backgroundLabels.includes(labels[label])) continue;
    candidates.push({ ...cornersOf(output.name, (column) => read(box, column)), score, label });
  }
  return candidates;
}

interface Table {
  readonly count: number;
  readonly width: number;
  at(row: number, column: number): number;
}

function tableOf({ data, dims }: RowTensor, transposed: boolean): Table {
  const [first = 1, second = 1] = dims;
  const [count, width] = transposed ? [second, first] : [first, second];
  const at = (row: number, column: number) =>
    Number(data[transposed ? column * count + row : row * width + column]);
  return { count, width, at };
}

type Read = (column: BoxColumn) => number | undefined;

/** Where score and label of a box stand: in columns of the box, in tensors of their own, or behind its columns. */
function bestLabelReader({ scores, classes }: DetectionTensors, { columns }: DetectionsOutput) {
  const scoreTable = scores && tableOf(scores, false);
  return (box: number, read: Read, boxes: Table): { readonly score: number; readonly label: number } => {
    const certainty = read('objectness') ?? 1;
    const label = classes === undefined ? read('class') : Number(classes.data[box]);
    const score = read('score');
    if (score !== undefined) return { score: certainty * score, label: label ?? 0 };
    const [table, from] = scoreTable === undefined ? [boxes, columns.length] : [scoreTable, 0];
    let best = from;
    for (let column = from + 1; column < table.width; column++)
      if (table.at(box, column) > table.at(box, best)) best = column;
    return { score: certainty * table.at(box, best), label: label ?? best - from };
  };
}

/** @throws {RangeError} if a number of the box is not finite. */
function cornersOf(name: string, read: Read) {
  const [width, height] = [read('width') ?? 0, read('height') ?? 0];
  const x1 = read('x1') ?? (read('centerX') ?? 0) - width / 2;
  const y1 = read('y1') ?? (read('centerY') ?? 0) - height / 2;
  const corners = { x1, y1, x2: read('x2') ?? x1 + width, y2: read('y2') ?? y1 + height };
  const wrong = Object.entries(corners).find(([, value]) => !Number.isFinite(value));
  if (wrong === undefined) return corners;
  throw new RangeError(`${name} must be boxes of finite numbers, got ${wrong[1]} as ${wrong[0]}`);
}

/** The intersection of two boxes, divided by their union. */
function overlapOf(a: Candidate, b: Candidate): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (areaOf(a) + areaOf(b) - shared);
}

function areaOf({ x1, y1, x2, y2 }: Candidate): number {
  return (x2 - x1) * (y2 - y1);
}

/** Parts of a box outside the picture are cut off. */
function inPicture(
  { x1, y1, x2, y2, score, label }: Candidate,
  unit: Size,
  { picture, scaled, left, top }: Placement,
): readonly number[] {
  const x = (at: number) =>
    Math.min(picture.width, Math.max(0, ((at * unit.width - left) * picture.width) / scaled.width));
  const y = (at: number) =>
    Math.min(picture.height, Math.max(0, ((at * unit.height - top) * picture.height) / scaled.height));
  return [x(x1), y(y1), x(x2), y(y2), score, label];
}
