import { describe, expect, test } from 'vitest';
import { DETECTION_WIDTH } from '../../../../src/models/detection.ts';
import type { DetectionsOutput } from '../../../../src/models/mediaOutput.ts';
import { chooseDetections } from '../../../../workers/media/detections.ts';
import { placementOf } from '../../../../workers/media/placement.ts';

const PLAIN: DetectionsOutput = {
  name: 'objects',
  kind: 'detections',
  tensor: 'boxes',
  description: 'Objects.',
  type: 'float32',
  shape: [3, 6],
  columns: ['x1', 'y1', 'x2', 'y2'],
  transposed: false,
  coordinates: 'pixels',
  picture: 'picture',
  labels: ['cat', 'dog'],
  backgroundLabels: [],
  minScore: 0.5,
  maxOverlap: 0.5,
  maximum: 10,
};
const SIZE = { width: 100, height: 100 };

/** Two cats in nearly the same place, a dog there, and a cat that is hardly one. */
const BOXES = [
  [10, 10, 50, 50, 0.9, 0.1],
  [12, 12, 52, 52, 0.8, 0.1],
  [10, 10, 50, 50, 0.1, 0.7],
  [60, 60, 90, 90, 0.3, 0.2],
];
const CHOSEN = [
  [10, 10, 50, 50, 0.9, 0],
  [10, 10, 50, 50, 0.7, 1],
];

describe('boxes with scores behind them', () => {
  test('are chosen by score, and left out where they overlap a better one of their label', () => {
    expect(choose({}, BOXES)).toEqual(CHOSEN);
  });

  test('are all kept with a maxOverlap of 1, the best ones first, up to the maximum', () => {
    expect(choose({ maxOverlap: 1 }, BOXES).map(([, , , , score]) => score)).toEqual([0.9, 0.8, 0.7]);
    expect(choose({ maximum: 1 }, BOXES)).toEqual(CHOSEN.slice(0, 1));
  });

  test('of a background label are left out', () => {
    expect(choose({ backgroundLabels: ['cat'] }, BOXES)).toEqual(CHOSEN.slice(1));
  });

  test('may have their numbers one below another', () => {
    const transposed = BOXES[0]?.map((_, column) => BOXES.map((box) => box[column] ?? 0)) ?? [];
    expect(choose({ transposed: true }, transposed)).toEqual(CHOSEN);
  });

  test('may have their middle and size, and an objectness that multiplies the scores', () => {
    const columns = ['centerX', 'centerY', 'width', 'height', 'objectness'] as const;
    const boxes = [
      [30, 30, 40, 40, 0.9, 1, 0],
      [30, 30, 40, 40, 0.4, 1, 0],
    ];
    expect(choose({ columns }, boxes)).toEqual([[10, 10, 50, 50, 0.9, 0]]);
  });

  test('may have a score and a class as columns', () => {
    const columns = ['x1', 'y1', 'x2', 'y2', 'score', 'class'] as const;
    expect(choose({ columns }, [[10, 10, 50, 50, 0.9, 1]])).toEqual([[10, 10, 50, 50, 0.9, 1]]);
  });
});

test('scores and classes may be tensors of their own', () => {
  const boxes = rows([[0.1, 0.2, 0.5, 0.6]]);
  const scores = { data: [0.8], dims: [1] };
  const classes = { data: [1n], dims: [1] };
  const output: DetectionsOutput = { ...PLAIN, columns: ['y1', 'x1', 'y2', 'x2'], coordinates: 'relative' };
  const chosen = chooseDetections({ boxes, scores, classes }, output, SIZE, whole());
  expect([...chosen]).toEqual([20, 10, 60, 50, 0.8, 1].map(Math.fround));
});

test('boxes come back to the picture that was laid into a letterbox, and are cut off at its sides', () => {
  const placement = placementOf({ width: 400, height: 200 }, SIZE, 'letterbox', 1);
  const [box] = choose({}, [[0, 20, 50, 60, 0.9, 0]], placement);
  expect(box?.slice(0, 4)).toEqual([0, 0, 200, 140]);
});

test.each([
  [
    'a class without a label',
    { columns: ['x1', 'y1', 'x2', 'y2', 'score', 'class'] },
    [0, 0, 1, 1, 0.9, 7],
    'from 0 to 1, got 7',
  ],
  ['a box that is not finite', {}, [0, Number.NaN, 1, 1, 0.9, 0], 'finite numbers, got NaN as y1'],
] as const)('%s is an error of the row', (_, change, box, message) => {
  expect(() => choose(change, [box])).toThrow(new RegExp(message));
});

test('boxes whose score is no number are left out', () => {
  expect(choose({}, [[0, 0, 1, 1, Number.NaN, Number.NaN]])).toEqual([]);
});

function choose(
  change: Partial<DetectionsOutput>,
  boxes: readonly (readonly number[])[],
  placement = whole(),
): readonly (readonly number[])[] {
  const tensors = { boxes: rows(boxes), scores: undefined, classes: undefined };
  const chosen = chooseDetections(tensors, { ...PLAIN, ...change }, SIZE, placement);
  return Array.from({ length: chosen.length / DETECTION_WIDTH }, (_, i) =>
    [...chosen.slice(i * DETECTION_WIDTH, (i + 1) * DETECTION_WIDTH)].map((number) =>
      Number(number.toPrecision(5)),
    ),
  );
}

function rows(table: readonly (readonly number[])[]) {
  return { data: table.flat(), dims: [table.length, table[0]?.length ?? 0] };
}

function whole() {
  return placementOf(SIZE, SIZE, 'stretch', 1);
}
