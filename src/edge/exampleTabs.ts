/** The operations that GraphiQL opens with, made from the models at hand. */
import { exampleFields } from '../models/graphqlLiteral.ts';
import { type Manifest, type ManifestOutput, sizeOf } from '../models/manifest.ts';
import { type Model, simplestFirst } from '../models/models.ts';

export interface ExampleTab {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

/**
 * What to try, in the order of the tabs: a mutation, the subscription to its result, the mutations of the other models,
 * many rows at once, what runs here.
 */
export function exampleTabs(models: readonly Model[]): readonly ExampleTab[] {
  const manifests = simplestFirst(models);
  const [first, ...others] = manifests;
  return [
    ...(first === undefined ? [] : [mutationTab(first), resultTab(manifests)]),
    ...others.map(mutationTab),
    ...(first === undefined ? [] : [batchTab(first)]),
    HEALTH_TAB,
  ];
}

/** The input is written out: GraphiQL does not show the variables of the tab that it opens with. */
function mutationTab(manifest: Manifest): ExampleTab {
  return {
    query: [
      '# 1. Submit and copy the id. The answer comes',
      '#    at once; the prediction comes later.',
      `mutation ${operationName(manifest.graphql.mutation)} {`,
      `  ${manifest.graphql.mutation}(`,
      '    input: {',
      ...exampleFields(manifest).map((field) => `      ${field}`),
      '    }',
      '  ) {',
      '    id',
      '    state',
      '  }',
      '}',
      '',
    ].join('\n'),
  };
}

function resultTab(manifests: readonly Manifest[]): ExampleTab {
  return {
    query: [
      '# 2. Paste the id into the variables below:',
      '#    the result comes the moment it exists.',
      'subscription Result($id: ID!) {',
      '  taskResult(id: $id) {',
      '    id',
      '    state',
      '    prediction {',
      ...manifests.flatMap((manifest) => [
        `      ... on ${manifest.graphql.predictionType} {`,
        ...resultFields(manifest, manifests).map((field) => `        ${field}`),
        '      }',
      ]),
      '    }',
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
      '  }',
      '}',
      '',
    ].join('\n'),
    variables: JSON.stringify({ id: 'paste_the_id_here' }, null, 2),
  };
}

function batchTab(manifest: Manifest): ExampleTab {
  const { batchMutation, columnsType } = manifest.graphql;
  const row = ['      {', ...exampleFields(manifest).map((field) => `        ${field}`), '      }'];
  return {
    query: [
      '# Many rows as one task. waitMs lets it end first:',
      '# then the answer has what came of them.',
      `mutation ${operationName(batchMutation)} {`,
      `  ${batchMutation}(`,
      '    inputs: [',
      ...row,
      ...row,
      '    ]',
      '    options: { waitMs: 5000 }',
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
    ].join('\n'),
  };
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

/** GraphiQL names the tab by it. */
function operationName(field: string): string {
  return field.replace(/^./, (first) => first.toUpperCase());
}

/** GraphQL refuses one name for two types in one selection: the later model's field gets the model's name before it. */
function resultFields({ name: model, outputs }: Manifest, manifests: readonly Manifest[]): readonly string[] {
  return outputs.map((output) => {
    const first = manifests.flatMap(({ outputs }) => outputs).find(({ name }) => name === output.name);
    return first === undefined || shapeOf(first) === shapeOf(output)
      ? output.name
      : `${model.replaceAll('-', '_')}_${output.name}: ${output.name}`;
  });
}

function shapeOf(output: ManifestOutput): 'text' | 'boolean' | 'number' | 'vector' {
  if (output.type === 'string') return 'text';
  if (output.type === 'boolean') return 'boolean';
  return sizeOf(output) === undefined ? 'number' : 'vector';
}
