/**
 * The operations that GraphiQL opens with, made from the models at hand. None is offered that the gateway would refuse:
 * what does not fit as it is, is offered in a shorter form, or not at all.
 */
import { exampleFields } from '../models/graphqlLiteral.ts';
import type { Manifest } from '../models/manifest.ts';
import { type Model, simplestFirst } from '../models/models.ts';
import { resultTab } from './exampleResult.ts';

export interface ExampleTab {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

/** Whether the gateway takes an operation with its variables. */
export type IsAllowed = (tab: ExampleTab) => boolean;

/** A longer example is hard to read as a part of the operation: it goes into the variables. */
const MAX_WRITTEN_CHARACTERS = 2_000;

/**
 * What to try, in the order of the tabs: a mutation, the subscription to its result, the mutations of the other models,
 * many rows at once, what runs here. Models whose inputs are written out come first: they explain themselves.
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
    ...firstAllowed([HEALTH_TAB]),
  ];
  return tabs.length === 0 ? [NO_TAB] : tabs;
}

/** From the one that explains itself to the shortest. */
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
    ...manifest.outputs.map(({ name }) => `            ${name}`),
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
    '        model',
    '        version',
    '        executionProvider',
    '      }',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n'),
};

/** GraphiQL needs one. */
const NO_TAB: ExampleTab = {
  query: '# The limits of this gateway leave no room for examples.\n',
};

/** The example with a line for each input, whatever its length. */
function exampleJson({ example }: Manifest, indent: string): string {
  const members = Object.entries(example).map(
    ([name, value]) => `${indent}  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function isShort(fields: readonly string[]): boolean {
  return fields.join('').length <= MAX_WRITTEN_CHARACTERS;
}

/** GraphiQL names the tab by it. */
function operationName(field: string): string {
  return field.replace(/^./, (first) => first.toUpperCase());
}
