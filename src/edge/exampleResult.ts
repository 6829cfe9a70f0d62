/** The tab of GraphiQL that shows the result of whatever was submitted: with the outputs of as many models as fit. */
import { type Manifest, type ManifestOutput, sizeOf } from '../models/manifest.ts';
import type { ExampleTab, IsAllowed } from './exampleTabs.ts';
import { LAST_TASK } from './lastTask.ts';

/** A field of a prediction as it stands in the operation. */
interface OutputField {
  readonly manifest: Manifest;
  readonly text: string;
}

/** Of a task with many rows; null for others. */
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

/** @returns none if not even the state can be asked for. */
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

/** @param left outputs that are not asked for. */
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
      '#    For another task, paste its id below.',
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

/** @returns the largest count from 1 to `most` that is allowed; 0 if none is. What has less in it is allowed too. */
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

/** GraphQL refuses one name for two types in one selection: the later model's field gets the model's name before it. */
function fieldsOf(manifest: Manifest, manifests: readonly Manifest[]): readonly OutputField[] {
  const outputs = manifests.flatMap((other) => other.outputs);
  return manifest.outputs.map((output) => {
    const first = outputs.find(({ name }) => name === output.name);
    const isAlike = first === undefined || kindOf(first) === kindOf(output);
    const text = isAlike
      ? output.name
      : `${manifest.name.replaceAll('-', '_')}_${output.name}: ${output.name}`;
    return { manifest, text };
  });
}

function kindOf(output: ManifestOutput): 'text' | 'boolean' | 'number' | 'vector' {
  if (output.type === 'string') return 'text';
  if (output.type === 'boolean') return 'boolean';
  return sizeOf(output) === undefined ? 'number' : 'vector';
}
