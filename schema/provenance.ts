/** The GraphQL type of what a version was trained of. */
import type { Provenance } from '../src/contract/messages/versionRecord.ts';
import type { Builder } from './builder.ts';
import { namedParams, type UsedDataRefs } from './usedData.ts';

export function defineProvenance(builder: Builder, { usedDatasetRef, usedParamRef }: UsedDataRefs) {
  return builder.objectRef<Provenance>('Provenance').implement({
    description: 'What a version was trained of, by what, and where.',
    fields: (t) => ({
      runKey: t.exposeID('runKey', {
        description: 'Digest of what makes the version: data, recipe, parameters, seed and environment.',
      }),
      datasets: t.field({
        type: [usedDatasetRef],
        description: 'The datasets.',
        resolve: ({ datasets }) => [...datasets],
      }),
      recipe: t.string({ description: 'File of the recipe.', resolve: ({ recipe }) => recipe.file }),
      recipeDigest: t.id({ description: 'Its SHA-256, in hex.', resolve: ({ recipe }) => recipe.sha256 }),
      params: t.field({
        type: [usedParamRef],
        description: 'The parameters.',
        resolve: ({ params }) => namedParams(params),
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
