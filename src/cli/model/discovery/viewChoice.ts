/** Chooses how rows lie in the tensors of a graph: the first way in which trial runs answer each row right. */
import { findBase } from './baseSizes.ts';
import { type DiscoverOptions, NotFound } from './found.ts';
import type { Base, GraphTrials } from './graphTrials.ts';
import { testRows, type Verdict } from './rowTest.ts';
import { type View, viewsOf } from './views.ts';

export interface Choice {
  readonly base: Base;
  readonly verdict: Verdict | undefined;
  readonly decisions: readonly string[];
}

/** @throws {NotFound} if the graph answers no trial row, or by chance. */
export async function chooseView(trials: GraphTrials, options: DiscoverOptions): Promise<Choice> {
  let reason = '';
  const others: Choice[] = [];
  let withoutRows: string | undefined;
  for (const view of viewsOf(trials.ports)) {
    const base = await findBase(trials, view);
    if (base === undefined) {
      reason ||= trials.reason;
      continue;
    }
    if ([...view.axes.values()].every((axis) => axis === null))
      return others[0] ?? { base, verdict: undefined, decisions: [wholeDecision(options, withoutRows)] };
    // Outputs whose size depends on values differ in size from row to row: a few trial rows cannot show it.
    if ((view.fixed ?? 1) > 1 && hasOpenOutputs(options)) continue;
    const verdict = await testRows(trials, base, options.relative);
    if (verdict.kind === 'chance')
      throw new NotFound('chance', 'the same row is answered differently each time');
    if (verdict.kind === 'rows') return { base, verdict, decisions: rowsDecisions(view) };
    if (verdict.kind === 'noAxis') withoutRows ??= verdict.output;
    const choice = alternative(base, verdict, options);
    if (choice !== undefined) others.push(choice);
  }
  const [best] = others;
  if (best !== undefined) return best;
  throw new NotFound('noRun', reason);
}

/** Whether sizes of outputs are open although those of the inputs are fixed. */
function hasOpenOutputs({ hasOpenSizes, signature, outputs }: DiscoverOptions): boolean {
  const declared = signature.outputMetadata.filter(({ name }) => outputs.includes(name));
  return (
    hasOpenSizes || declared.some(({ shape = [] }) => shape.slice(1).some((size) => typeof size === 'string'))
  );
}

/** @returns how rows can be served one a run although they do not share runs; undefined if a whole tensor is better. */
function alternative(base: Base, verdict: Verdict, { scalesOverRun }: DiscoverOptions): Choice | undefined {
  if (verdict.kind === 'mixed' && scalesOverRun)
    return {
      base,
      verdict,
      decisions: [
        'one task a run: the graph scales its numbers over a whole run, so that rows would change each other',
      ],
    };
  if (verdict.kind === 'single' && base.view.fixed === undefined)
    return {
      base,
      verdict,
      decisions: [`one task a run: the graph takes one row, but not several (${verdict.reason})`],
    };
  if (verdict.kind === 'noAxis' && base.view.fixed === 1)
    return {
      base,
      verdict,
      decisions: [
        `one task a run: the graph takes one row, and its output ${verdict.output} has no axis for rows`,
      ],
    };
  return undefined;
}

/** @param withoutRows an output that has no place for each row. */
function wholeDecision({ ports, outputs }: DiscoverOptions, withoutRows: string | undefined): string {
  if (withoutRows !== undefined && outputs.length > 1)
    return `one task a run, with whole tensors: the output ${withoutRows} has no place for each row. Without it (--leave-out ${withoutRows}) rows may share runs`;
  const hasVarying = ports.some(({ dims }) => dims.some((size) => typeof size === 'string'));
  return hasVarying
    ? 'one task a run, with whole tensors: rows depend on each other, or the outputs have no place for each row'
    : 'one task a run, with whole tensors: the graph has no axis for rows';
}

function rowsDecisions({ axes, fixed }: View): readonly string[] {
  const without = [...axes].filter(([, axis]) => axis === null).map(([name]) => name);
  const moved = [...axes].filter(([, axis]) => axis !== null && axis > 0);
  return [
    ...moved.map(([name, axis]) => `the rows of ${name} lie on axis ${axis}`),
    ...(without.length > 0
      ? [`one task a run: ${without.join(', ')} is the same for all rows of a run`]
      : []),
    ...(fixed === 1 ? ['one task a run: the file says that a run has exactly 1 row'] : []),
    ...(fixed !== undefined && fixed > 1
      ? [`runs of exactly ${fixed} rows, as the file says: fewer are filled up with copies`]
      : []),
  ];
}

/** How many rows each run has, if the graph takes only so many. */
export function fixedOf({ axes, fixed }: View): number | undefined {
  return fixed !== undefined && fixed > 1 && [...axes.values()].every((axis) => axis !== null)
    ? fixed
    : undefined;
}
