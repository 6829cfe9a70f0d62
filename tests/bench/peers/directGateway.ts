/** A process without a queue: it runs the model itself, and answers in the mutation. */
import { randomUUID } from 'node:crypto';
import { openDirectModel } from '../../support/predictDirectly.ts';
import { inGroups } from './inGroups.ts';
import { serveTasks, succeeded } from './taskGateway.ts';

const BATCH = 64;

const model = await openDirectModel();
const predict = inGroups(BATCH, model.predictAll);
await serveTasks({
  submit: async (trip) => succeeded(randomUUID(), await predict(trip)),
  async result() {
    throw new Error('the mutation has the answer already');
  },
});
