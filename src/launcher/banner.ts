/** The text that `npm start` prints once everything runs: the addresses, and two operations to begin with. */

import { exampleFields } from '../models/graphqlLiteral.ts';
import type { Manifest } from '../models/manifest.ts';
import { type Model, simplestFirst } from '../models/models.ts';
import { outputSelection } from '../models/outputSelection.ts';
import type { Config } from '../process/config.ts';

type BannerLimits = Pick<Config, 'maxTokens' | 'maxComplexity'>;
type BannerConfig = BannerLimits & Partial<Pick<Config, 'trainers' | 'console'>>;

interface FirstSteps {
  readonly mutation: string;
  readonly subscription: string;
  /** The points of complexity of the subscription, at most. */
  readonly points: number;
}

/** Nobody copies a longer line from a terminal. */
const MAX_CHARACTERS = 600;
/** The first outputs of a model are enough for an example. */
const MAX_OUTPUTS = 5;
/** The most points of an output with a selection of its own, such as a tensor. */
const SELECTION_POINTS = 10;

/**
 * @param address of GraphQL.
 * @param served the models that can be asked.
 */
export function banner(address: string, served: readonly Model[], config: BannerConfig): string {
  const open = config.console
    ? `Open the console at ${new URL('/console/', address)}\n  or GraphiQL`
    : 'Open GraphiQL';
  if (served.length === 0)
    return framed(
      `Tidings is ready, and serves nothing yet: WORKER_MODELS names versions that are not there. ${open} at ${address}.`,
    );
  const steps = simplestFirst(served)
    .map(firstSteps)
    .find((steps) => fits(steps, config));
  if (steps === undefined)
    return framed(`Tidings is ready. ${open} at ${address}: its first tab has what to begin with.`);
  return framed(`Tidings is ready. ${open} at ${address} and submit

    ${steps.mutation}

  then have the prediction pushed to you, with that id (GraphiQL's tab Result needs no id):

    ${steps.subscription}${trainingNote(served, config)}`);
}

function trainingNote(served: readonly Model[], { trainers = 0 }: BannerConfig): string {
  const trained = served.filter(({ manifest }) => manifest.training !== undefined);
  if (trainers === 0 || trained.length === 0) return '';
  const names = trained.map(({ manifest }) => manifest.name).join(', ');
  return `

  ${trainers === 1 ? 'A trainer waits' : `${trainers} trainers wait`} for addDataset and trainModel of ${names}: docs/training.md`;
}

function framed(text: string): string {
  return `
  ${text}

  Ctrl-C stops it.
`;
}

function firstSteps(manifest: Manifest): FirstSteps {
  const { graphql, outputs } = manifest;
  const fields = outputs.slice(0, MAX_OUTPUTS).map(outputSelection);
  return {
    mutation: `mutation { ${graphql.mutation}(input: { ${exampleFields(manifest).join(', ')} }) { id state } }`,
    subscription: `subscription { taskResult(id: "…") { state prediction { ... on ${graphql.predictionType} { ${fields.join(' ')} } } } }`,
    // taskResult, state, prediction and the outputs.
    points: fields.reduce((sum, field) => sum + (field.includes('{') ? SELECTION_POINTS : 1), 3),
  };
}

/**
 * Whether the gateway's limits allow both operations. Certainty would need the gateway or its parser. This estimate
 * errs on the safe side: it counts too much rather than too little.
 */
function fits(
  { mutation, subscription, points }: FirstSteps,
  { maxTokens, maxComplexity }: BannerLimits,
): boolean {
  return (
    maxComplexity >= points &&
    [mutation, subscription].every((text) => text.length <= MAX_CHARACTERS && tokensOf(text) <= maxTokens)
  );
}

function tokensOf(operation: string): number {
  return operation.match(/"(?:\\.|[^"\\])*"|\.\.\.|[\w.]+|[^\s,]/g)?.length ?? 0;
}
