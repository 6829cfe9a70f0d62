/** Makes GraphiQL's tab for results, with the outputs of as many models as the limits allow. */
import { isExact, isTensorOutput, type Manifest, type ManifestOutput, sizeOf } from '../models/manifest.ts';
import { outputSelection } from '../models/outputSelection.ts';
import type { ExampleTab, IsAllowed } from './exampleTabs.ts';
import { LAST_TASK } from './lastTask.ts';

/** A field of a prediction in the operation. */
interface OutputField {
  readonly manifest: Manifest;
  readonly text: string;
}

/** The fields of a row batch; null for single tasks. */
const BATCH = ['    batch {', '      rowCount', '      rowsDone', '      rowsFailed', '    }'];

const DETAILS = [
  '    error {',
  '      code',
  '      message',
  '    }',
  '    timings {',
  '      queueMs',
  '      batchMs',
  '      computeMs',
  '      batchSize',
  '    }',
];

/** @returns one tab; none if the limits do not even allow the state. */
export function resultTab(manifests: readonly Manifest[], isAllowed: IsAllowed): readonly ExampleTab[] {
  const fields = manifests.flatMap((manifest) => fieldsOf(manifest, manifests));
  for (const details of [[...BATCH, ...DETAILS], DETAILS, []]) {
    const make = (count: number) => tabOf(fields.slice(0, count), fields.length - count, details);
    const count = largestAllowed(fields.length, (count) => isAllowed(make(count)));
    if (count > 0) return [make(count)];
  }
  const stateOnly = tabOf([], fields.length, []);
  return isAllowed(stateOnly) ? [stateOnly] : [];
}

/** @param left the number of outputs that are left out. */
function tabOf(fields: readonly OutputField[], left: number, details: readonly string[]): ExampleTab {
  const byModel = Map.groupBy(fields, ({ manifest }) => manifest);
  const fragments = [...byModel].flatMap(([{ graphql }, fields]) => [
    `      ... on ${graphql.predictionType} {`,
    ...fields.map(({ text }) => `        ${text}`),
    '      }',
  ]);
  return {
    query: [
      '# 2. Run this too: the result of the task that you',
      '#    submitted last comes the moment it exists.',
      '#    For another task, paste its id in Variables.',
      ...(left === 0 ? [] : [`#    ${left} more outputs would not fit: add yours.`]),
      'subscription Result($id: ID!) {',
      '  taskResult(id: $id) {',
      '    id',
      '    state',
      ...(fragments.length === 0 ? [] : ['    prediction {', ...fragments, '    }']),
      ...details,
      '  }',
      '}',
      '',
    ].join('\n'),
    variables: JSON.stringify({ id: LAST_TASK }, null, 2),
  };
}

/**
 * @returns the largest allowed count from 1 to `most`; 0 if none is. All counts below an allowed one are allowed, too.
 */
function largestAllowed(most: number, isAllowed: (count: number) => boolean): number {
  let [allowed, refused] = [0, most + 1];
  while (refused - allowed > 1) {
    // Most often all fit.
    const count = refused > most ? most : Math.floor((allowed + refused) / 2);
    if (isAllowed(count)) allowed = count;
    else refused = count;
  }
  return allowed;
}

/**
 * GraphQL refuses one name with two types in a selection, so the later model's field gets an alias with the model's
 * name.
 */
function fieldsOf(manifest: Manifest, manifests: readonly Manifest[]): readonly OutputField[] {
  const outputs = manifests.flatMap((other) => other.outputs);
  return manifest.outputs.map((output) => {
    const first = outputs.find(({ name }) => name === output.name);
    const isAlike = first === undefined || kindOf(first) === kindOf(output);
    const selection = outputSelection(output);
    const text = isAlike ? selection : `${manifest.name.replaceAll('-', '_')}_${output.name}: ${selection}`;
    return { manifest, text };
  });
}

function kindOf(
  output: ManifestOutput,
): 'tensor' | 'labels' | 'text' | 'boolean' | 'whole' | 'number' | 'vector' {
  if (isTensorOutput(output)) return 'tensor';
  if ('labels' in output) return 'labels';
  if (isExact(output)) return 'whole';
  if (output.type === 'string') return 'text';
  if (output.type === 'boolean') return 'boolean';
  return sizeOf(output) === undefined ? 'number' : 'vector';
}
