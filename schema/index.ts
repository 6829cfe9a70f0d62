/** Builds the GraphQL schema from the manifests. `schema.graphql` beside this file is its printed form. */
import type { GraphQLSchema } from 'graphql';
import type { Model } from '../src/models/models.ts';
import { defineActuals } from './actuals.ts';
import { createBuilder, defineLocalDateTime } from './builder.ts';
import { defineComparison } from './comparison.ts';
import { defineDeadLetters } from './deadLetters.ts';
import { defineMe } from './me.ts';
import { definePredictions } from './predict.ts';
import { defineRollout } from './rollout.ts';
import { defineSystem } from './system.ts';
import { defineTask } from './task.ts';

export type { Context } from './builder.ts';

export function buildSchema(models: readonly Model[]): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({ description: 'Reads the present state.' });
  builder.mutationType({ description: 'Submits and cancels tasks. Operators also change what runs.' });
  builder.subscriptionType({ description: 'Delivers tasks, and figures for operators, as they change.' });
  const takesTimes = models.some(({ manifest }) => manifest.inputs.some(({ type }) => type === 'dateTime'));
  if (takesTimes) defineLocalDateTime(builder);
  const { taskRef, errorCodeRef } = defineTask(builder, models);
  definePredictions(builder, models, taskRef);
  defineActuals(builder, models);
  defineMe(builder);
  const modelRef = defineSystem(builder);
  defineRollout(builder, modelRef);
  defineComparison(builder, modelRef);
  defineDeadLetters(builder, taskRef, errorCodeRef);
  return builder.toSchema({ sortSchema: false });
}
