/** The GraphQL types of an output whose numbers have labels, such as the probabilities of a classifier. */
import { badValue } from '../src/contract/errors.ts';
import type { Model } from '../src/models/models.ts';
import { type AnswerBudgets, ITEM_BYTES } from './answerBudgets.ts';
import type { Builder } from './builder.ts';

export interface LabelScores {
  readonly output: string;
  readonly labels: readonly string[];
  readonly scores: readonly number[];
}

interface LabelScore {
  readonly label: string;
  readonly score: number;
}

export type LabelScoresRef = NonNullable<ReturnType<typeof defineLabelScores>>;

/** Defined only if a model has such an output: a schema has no types that cannot be used. */
export function defineLabelScores(builder: Builder, models: readonly Model[], budgets: AnswerBudgets) {
  const hasLabels = models.some(({ manifest }) => manifest.outputs.some((output) => 'labels' in output));
  if (!hasLabels) return undefined;
  const scoreRef = builder.objectRef<LabelScore>('LabelScore').implement({
    description: 'A label and its number.',
    fields: (t) => ({
      label: t.exposeString('label', { description: 'The label.' }),
      score: t.exposeFloat('score', { description: 'The number, in the unit of the output.' }),
    }),
  });
  return builder.objectRef<LabelScores>('LabelScores').implement({
    description: 'Numbers that each belong to a label.',
    fields: (t) => ({
      top: t.field({
        type: [scoreRef],
        description: 'The labels with the largest numbers, largest first. Error: `RESULT_TOO_LARGE`.',
        args: {
          k: t.arg.int({
            required: true,
            defaultValue: 5,
            description: 'How many, from 1. If there are fewer labels, all.',
          }),
        },
        resolve: (given, { k }, context, info) => {
          if (k < 1) throw badValue('k', 'from 1, the number of labels', String(k));
          takeFrom(budgets, given, { context, info }, 2 * Math.min(k, given.labels.length));
          return top(given, k);
        },
      }),
      labels: t.stringList({
        description: 'All labels, in the order of `scores`. Error: `RESULT_TOO_LARGE`.',
        resolve: (given, _args, context, info) => {
          takeFrom(budgets, given, { context, info }, given.labels.length);
          return [...given.labels];
        },
      }),
      scores: t.floatList({
        description: 'All numbers, in the order of `labels`.',
        resolve: ({ scores }) => [...scores],
      }),
    }),
  });
}

function takeFrom(
  budgets: AnswerBudgets,
  { output }: LabelScores,
  asked: Parameters<AnswerBudgets['take']>[0],
  items: number,
): void {
  const what = `${asked.info.fieldName} of ${output}`;
  budgets.take(asked, ITEM_BYTES * items, { what, instead: 'Ask for fewer rows, or for a smaller top.' });
}

/** The largest scores first; of equal ones, the first label first. */
function top({ labels, scores }: LabelScores, k: number): readonly LabelScore[] {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  return Array.from(order.subarray(0, k), (i) => ({ label: labels[i] ?? '', score: scores[i] ?? 0 }));
}
