/** Builds the GraphQL schema from the manifests. `schema.graphql` beside this file is its printed form. */
import type { GraphQLSchema } from 'graphql';
import type { Model } from '../src/models/models.ts';
import { defineActuals } from './actuals.ts';
import { defineAudit } from './audit.ts';
import { defineBigInt } from './bigInt.ts';
import { createBuilder, defineLocalDateTime } from './builder.ts';
import { defineComparison } from './comparison.ts';
import { defineDeadLetters } from './deadLetters.ts';
import { defineMe } from './me.ts';
import { defineModel } from './model.ts';
import { defineNode } from './node.ts';
import { definePageInfo } from './pageInfo.ts';
import { definePredictions } from './predict.ts';
import { defineRequestErrorCode } from './requestErrorCode.ts';
import { defineRollout } from './rollout.ts';
import { defineSystem } from './system.ts';
import { defineTask } from './task.ts';
import { defineTaskList } from './taskList.ts';
import { definePriority } from './taskPriority.ts';
import { defineTraining } from './training.ts';
import { defineWork } from './work.ts';

export type { Context } from './builder.ts';

export function buildSchema(models: readonly Model[]): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({ description: 'Reads the present state.' });
  builder.mutationType({ description: 'Submits and cancels tasks. Operators also change what runs.' });
  builder.subscriptionType({ description: 'Delivers tasks, and figures for operators, as they change.' });
  const takesTimes = models.some(({ manifest }) => manifest.inputs.some(({ type }) => type === 'dateTime'));
  if (takesTimes) defineLocalDateTime(builder);
  defineBigInt(builder, models);
  const nodeRef = defineNode(builder);
  const pageInfoRef = definePageInfo(builder);
  const requestErrorCodeRef = defineRequestErrorCode(builder);
  const modelRef = defineModel(builder, nodeRef);
  const priorityRef = definePriority(builder);
  const { kindRef, trainingRef, logPageRef } = defineWork(builder);
  const refs = { nodeRef, modelRef, pageInfoRef, priorityRef, kindRef, trainingRef };
  const { taskRef, stateRef, errorCodeRef } = defineTask(builder, models, refs);
  const connectionRef = defineTaskList(builder, { taskRef, stateRef, pageInfoRef });
  definePredictions(builder, models, { taskRef, priorityRef });
  defineTraining(builder, models, { taskRef, connectionRef, logPageRef });
  defineActuals(builder, models);
  defineMe(builder);
  defineSystem(builder, modelRef);
  defineRollout(builder, modelRef, requestErrorCodeRef);
  defineComparison(builder, modelRef);
  defineDeadLetters(builder, { taskRef, errorCodeRef, requestErrorCodeRef, pageInfoRef });
  defineAudit(builder, pageInfoRef);
  return builder.toSchema({ sortSchema: false });
}
