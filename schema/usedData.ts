/** The GraphQL types of the datasets and the parameters of a training, as it and its version show them. */
import type { Provenance } from '../src/contract/messages/versionRecord.ts';
import type { TrainingAsk } from '../src/contract/work.ts';
import type { Builder } from './builder.ts';

export type UsedDataRefs = ReturnType<typeof defineUsedData>;

interface NamedParam {
  readonly name: string;
  readonly value: string;
}

export function defineUsedData(builder: Builder) {
  const usedDatasetRef = builder.objectRef<Provenance['datasets'][number]>('UsedDataset').implement({
    description: 'A dataset that a training used.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      digest: t.exposeID('digest', { description: 'Its digest.' }),
      use: t.exposeString('use', { description: 'For what: TRAIN, VALIDATE or HOLDOUT.' }),
    }),
  });
  const usedParamRef = builder.objectRef<NamedParam>('UsedParam').implement({
    description: 'A parameter of a recipe, and the value that it had.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      value: t.exposeString('value', { description: 'Its value, as JSON.' }),
    }),
  });
  return { usedDatasetRef, usedParamRef };
}

export function namedParams(params: TrainingAsk['params']): NamedParam[] {
  return Object.entries(params).map(([name, value]) => ({ name, value: JSON.stringify(value) }));
}
