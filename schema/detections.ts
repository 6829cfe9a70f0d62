/** The GraphQL types of what a model has detected in a picture. */
import { badValue } from '../src/contract/errors.ts';
import { type Detection, detectionsIn } from '../src/models/detection.ts';
import { isMediaOutput } from '../src/models/manifest.ts';
import type { DetectionsOutput } from '../src/models/mediaOutput.ts';
import type { Model } from '../src/models/models.ts';
import { type AnswerBudgets, ITEM_BYTES } from './answerBudgets.ts';
import type { Builder } from './builder.ts';

/** The detections of a task, as its result has them. */
export interface DetectionsOfTask {
  readonly output: DetectionsOutput;
  readonly base64: string;
}

export type DetectionsRef = NonNullable<ReturnType<typeof defineDetections>>;

/** Label, score and box. */
const ITEMS_OF_DETECTION = 6;

/** Defined only if a model has such an output: a schema has no types that cannot be used. */
export function defineDetections(builder: Builder, models: readonly Model[], budgets: AnswerBudgets) {
  const detects = models.some(({ manifest }) =>
    manifest.outputs.some((output) => isMediaOutput(output) && output.kind === 'detections'),
  );
  if (!detects) return undefined;
  const boxRef = builder.objectRef<Detection>('Box').implement({
    description: 'A rectangle in a picture, in pixels of the picture as it was sent, upright.',
    fields: (t) => ({
      x1: t.exposeFloat('x1', { description: 'Its left side, from the left of the picture.' }),
      y1: t.exposeFloat('y1', { description: 'Its upper side, from the top of the picture.' }),
      x2: t.exposeFloat('x2', { description: 'Its right side, from the left of the picture.' }),
      y2: t.exposeFloat('y2', { description: 'Its lower side, from the top of the picture.' }),
    }),
  });
  const detectionRef = builder.objectRef<Detection>('Detection').implement({
    description: 'Something that a model has detected in a picture.',
    fields: (t) => ({
      label: t.exposeString('label', { description: 'What it is.' }),
      score: t.exposeFloat('score', { description: 'How certain the model is, mostly from 0 to 1.' }),
      box: t.field({ type: boxRef, description: 'Where it is.', resolve: (detection) => detection }),
    }),
  });
  return builder.objectRef<DetectionsOfTask>('Detections').implement({
    description: 'What a model has detected in a picture.',
    fields: (t) => ({
      count: t.int({
        description: 'How many there are.',
        resolve: ({ output, base64 }) => detectionsIn(output, base64).length,
      }),
      list: t.field({
        type: [detectionRef],
        description: 'The detections, those of the highest scores first. Error: `RESULT_TOO_LARGE`.',
        args: { first: t.arg.int({ description: 'How many, from 1. Default: all.' }) },
        resolve: ({ output, base64 }, { first }, context, info) => {
          if (first != null && first < 1)
            throw badValue('first', 'from 1, the number of detections', String(first));
          const detections = detectionsIn(output, base64).slice(0, first ?? undefined);
          budgets.take({ context, info }, ITEM_BYTES * ITEMS_OF_DETECTION * detections.length, {
            what: `${info.fieldName} of ${output.name}`,
            instead: 'Ask for fewer rows, or for fewer with first.',
          });
          return detections;
        },
      }),
    }),
  });
}
