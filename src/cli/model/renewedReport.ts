/** The report to the user on new golden rows. */
import { goldenNote } from './addedReport.ts';
import type { Renewed } from './renewGolden.ts';

export function renewedReport({ versions, example }: Renewed, model: string): string {
  return [
    ...versions.map(
      ({ version, rows, unanswered }) => `${model}/${version}: ${goldenNote(rows.length, unanswered)}`,
    ),
    example === undefined
      ? 'The example of model.json fits, and was left as it is.'
      : `The example of model.json is now ${JSON.stringify(example)}.`,
    `then run: npm run model -- check ${model}\nRunning gateways and workers read a changed model.json only after a restart.`,
  ].join('\n\n');
}
