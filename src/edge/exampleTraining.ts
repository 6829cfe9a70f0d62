/** Makes GraphiQL's tabs for training: a mutation of the first model that can be trained, and what becomes of it. */
import type { Model } from '../models/models.ts';
import type { ExampleTab } from './exampleTabs.ts';
import { LAST_TASK } from './lastTask.ts';

/** @returns none if no model can be trained. */
export function trainingTabs(models: readonly Model[]): readonly ExampleTab[] {
  const trained = models.find(({ manifest }) => manifest.training !== undefined);
  if (trained === undefined) return [];
  const { name } = trained.manifest;
  const mutation = [
    '# Trains a new version, for operators. The dataset is one',
    '# that you have added, see the field datasets.',
    'mutation TrainModel {',
    '  trainModel(',
    '    input: {',
    `      model: "${name}"`,
    `      datasets: [{ name: "${name}", use: TRAIN }]`,
    '      split: { holdoutPercent: 20, by: HASH }',
    '    }',
    '  ) {',
    '    id',
    '    state',
    '  }',
    '}',
    '',
  ];
  const subscription = [
    '# What becomes of the training that you began last.',
    'subscription Training($id: ID!) {',
    '  taskUpdates(id: $id) {',
    '    state',
    '    training {',
    '      stages {',
    '        name',
    '        state',
    '        note',
    '      }',
    '      progress {',
    '        done',
    '        of',
    '        unit',
    '        secondsLeft',
    '      }',
    '      gates {',
    '        name',
    '        observed',
    '        limit',
    '        verdict',
    '      }',
    '      version',
    '    }',
    '    error {',
    '      code',
    '      message',
    '    }',
    '  }',
    '}',
    '',
  ];
  return [
    { query: mutation.join('\n') },
    { query: subscription.join('\n'), variables: JSON.stringify({ id: LAST_TASK }, null, 2) },
  ];
}
