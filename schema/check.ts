/** The checks of a gate: what a new version had to show, and what it showed. */
import { type Check, Verdict } from '../src/contract/work.ts';
import type { Builder } from './builder.ts';

export type CheckRef = ReturnType<typeof defineCheck>;

export function defineCheck(builder: Builder) {
  const verdictRef = builder.enumType('Verdict', {
    description: 'What came of a check.',
    values: {
      [Verdict.Pass]: { description: 'The limit is kept.' },
      [Verdict.Fail]: { description: 'The limit is not kept: the new version is rejected.' },
      [Verdict.TooFew]: { description: 'There were too few rows to judge.' },
      [Verdict.Skipped]: { description: 'There was nothing to compare with, such as a live version.' },
    } as const,
  });
  return builder.objectRef<Check>('Check').implement({
    description: 'A condition of the gate of a model, and what was observed.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The condition, in words.' }),
      observed: t.exposeFloat('observed', { nullable: true, description: 'Of the new version.' }),
      live: t.exposeFloat('live', {
        nullable: true,
        description: 'Of the version that answers now, over the same rows.',
      }),
      limit: t.exposeFloat('limit', { nullable: true, description: 'The limit of the gate.' }),
      count: t.exposeInt('count', { description: 'Number of rows that it was computed from.' }),
      verdict: t.expose('verdict', { type: verdictRef, description: 'What came of it.' }),
    }),
  });
}
