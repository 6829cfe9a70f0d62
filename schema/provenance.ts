/** The GraphQL type of what a version was trained of. */
import type { Provenance } from '../src/contract/messages/versionRecord.ts';
import type { Builder } from './builder.ts';

interface NamedParam {
  readonly name: string;
  readonly value: string;
}

export function defineProvenance(builder: Builder) {
  const datasetRef = builder.objectRef<Provenance['datasets'][number]>('UsedDataset').implement({
    description: 'A dataset that a training used.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      digest: t.exposeID('digest', { description: 'Its digest.' }),
      use: t.exposeString('use', { description: 'For what: TRAIN, VALIDATE or HOLDOUT.' }),
    }),
  });
  const paramRef = builder.objectRef<NamedParam>('UsedParam').implement({
    description: 'A parameter of a recipe, and the value that it had.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'Its name.' }),
      value: t.exposeString('value', { description: 'Its value, as JSON.' }),
    }),
  });
  return builder.objectRef<Provenance>('Provenance').implement({
    description: 'What a version was trained of, by what, and where.',
    fields: (t) => ({
      runKey: t.exposeID('runKey', {
        description: 'Digest of what makes the version: data, recipe, parameters, seed and environment.',
      }),
      datasets: t.field({
        type: [datasetRef],
        description: 'The datasets.',
        resolve: ({ datasets }) => [...datasets],
      }),
      recipe: t.string({ description: 'File of the recipe.', resolve: ({ recipe }) => recipe.file }),
      recipeDigest: t.id({ description: 'Its SHA-256, in hex.', resolve: ({ recipe }) => recipe.sha256 }),
      params: t.field({
        type: [paramRef],
        description: 'The parameters.',
        resolve: ({ params }) =>
          Object.entries(params).map(([name, value]) => ({ name, value: JSON.stringify(value) })),
      }),
      seed: t.exposeFloat('seed', { description: 'The seed of its random numbers.' }),
      environment: t.exposeString('environment', { description: 'Interpreter and packages.' }),
      reproducible: t.exposeBoolean('reproducible', {
        description:
          'Whether another machine has the same environment. Not if it is that of the machine itself.',
      }),
      trainer: t.exposeString('trainer', { description: 'Id of the trainer.' }),
      revision: t.exposeString('revision', {
        nullable: true,
        description: 'Revision of the source code, if it was known.',
      }),
    }),
  });
}
