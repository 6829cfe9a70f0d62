/**
 * Makes the operations that GraphiQL opens with, from the models at hand. The gateway accepts each of them: an
 * operation beyond the limits is shortened, or left out.
 */
import { exampleFields, exampleVariable } from '../models/graphqlLiteral.ts';
import type { Manifest } from '../models/manifest.ts';
import { type Model, simplestFirst } from '../models/models.ts';
import { outputSelection } from '../models/outputSelection.ts';
import { resultTab } from './exampleResult.ts';
import { trainingTabs } from './exampleTraining.ts';

export interface ExampleTab {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

/** Whether the gateway accepts an operation with its variables. */
export type IsAllowed = (tab: ExampleTab) => boolean;

/** A longer example is hard to read inside the operation, so it goes into the variables. */
const MAX_WRITTEN_CHARACTERS = 2_000;

/**
 * The examples in the order of the tabs: a mutation, the subscription to its result, the mutations of the other models,
 * many rows at once, a training, the health. Models whose inputs are written out come first, because they are easy to understand.
 */
export function exampleTabs(
  models: readonly Model[],
  isAllowed: IsAllowed = () => true,
): readonly ExampleTab[] {
  const firstAllowed = (tabs: readonly ExampleTab[]) => tabs.filter(isAllowed).slice(0, 1);
  const offered = simplestFirst(models).flatMap((manifest) =>
    firstAllowed(mutationTabs(manifest)).map((tab) => ({ manifest, tab })),
  );
  const { written = [], others = [] } = Object.groupBy(offered, ({ tab }) =>
    tab.variables === undefined ? 'written' : 'others',
  );
  const [first, ...rest] = [...written, ...others];
  const manifests = [...written, ...others].map(({ manifest }) => manifest);
  const tabs = [
    ...(first === undefined ? [] : [first.tab, ...resultTab(manifests, isAllowed)]),
    ...rest.map(({ tab }) => tab),
    ...(first === undefined ? [] : firstAllowed(batchTabs(first.manifest))),
    ...trainingTabs(models).filter(isAllowed),
    ...firstAllowed([HEALTH_TAB]),
  ];
  return tabs.length === 0 ? [NO_TAB] : tabs;
}

/** The forms of an example, from the easiest to understand to the shortest. */
function mutationTabs(manifest: Manifest): readonly ExampleTab[] {
  const fields = exampleFields(manifest);
  const { mutation, inputType } = manifest.graphql;
  const answer = ['    id', '    state', '  }', '}', ''];
  const written = [
    '# 1. Run this. The task comes back at once; its',
    '#    prediction comes later, see the tab Result.',
    `mutation ${operationName(mutation)} {`,
    `  ${mutation}(`,
    '    input: {',
    ...fields.map((field) => `      ${field}`),
    '    }',
    '  ) {',
    ...answer,
  ];
  const short = [
    '# Run this, then the tab Result. The values are in',
    '# the variables: written out they would be too long.',
    `mutation ${operationName(mutation)}($input: ${inputType}!) {`,
    `  ${mutation}(input: $input) {`,
    ...answer,
  ];
  return [
    ...(isShort(fields) ? [{ query: written.join('\n') }] : []),
    { query: short.join('\n'), variables: `{\n  "input": ${exampleJson(manifest, '  ')}\n}` },
  ];
}

function batchTabs(manifest: Manifest): readonly ExampleTab[] {
  const { batchMutation, columnsType, inputType } = manifest.graphql;
  const fields = exampleFields(manifest);
  const row = ['      {', ...fields.map((field) => `        ${field}`), '      }'];
  const comment = [
    '# Many rows as one task. waitMs lets it end first:',
    '# then the answer has what came of them.',
  ];
  const answer = [
    '  ) {',
    '    id',
    '    state',
    '    batch {',
    '      rowCount',
    '      rowsDone',
    '      rowsFailed',
    '      results {',
    '        predictions {',
    `          ... on ${columnsType} {`,
    ...manifest.outputs.map((output) => `            ${outputSelection(output)}`),
    '          }',
    '        }',
    '        errors {',
    '          row',
    '          code',
    '          message',
    '        }',
    '      }',
    '    }',
    '  }',
    '}',
    '',
  ];
  const written = [
    ...comment,
    `mutation ${operationName(batchMutation)} {`,
    `  ${batchMutation}(`,
    ...['    inputs: [', ...row, ...row, '    ]'],
    '    options: { waitMs: 5000 }',
    ...answer,
  ];
  const short = [
    ...comment,
    `mutation ${operationName(batchMutation)}($inputs: [${inputType}!]!) {`,
    `  ${batchMutation}(`,
    '    inputs: $inputs',
    '    options: { waitMs: 5000 }',
    ...answer,
  ];
  const json = exampleJson(manifest, '    ');
  return [
    ...(isShort(fields) ? [{ query: written.join('\n') }] : []),
    { query: short.join('\n'), variables: `{\n  "inputs": [\n    ${json},\n    ${json}\n  ]\n}` },
  ];
}

const HEALTH_TAB: ExampleTab = {
  query: [
    '# What runs here.',
    'query Health {',
    '  health {',
    '    apiVersion',
    '    brokerConnected',
    '    workers {',
    '      models {',
    '        modelName',
    '        version',
    '        provider',
    '      }',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n'),
};

/** GraphiQL needs at least one tab. */
const NO_TAB: ExampleTab = {
  query: '# The limits of this gateway leave no room for examples.\n',
};

/** The example as JSON with one line for each input. */
function exampleJson(manifest: Manifest, indent: string): string {
  const members = Object.entries(exampleVariable(manifest)).map(
    ([name, value]) => `${indent}  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function isShort(fields: readonly string[]): boolean {
  return fields.join('').length <= MAX_WRITTEN_CHARACTERS;
}

/** The name of the operation. GraphiQL shows it as the title of the tab. */
function operationName(field: string): string {
  return field.replace(/^./, (first) => first.toUpperCase());
}
