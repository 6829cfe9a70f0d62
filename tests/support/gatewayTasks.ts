/** The tasks' side of gateways in the process of a test, so that tasks can have owners. */
import type { Owner } from '../../src/contract/owner.ts';
import type { ReadingClient } from '../../src/contract/principal.ts';
import { NO_QUOTAS, type Quotas } from '../../src/contract/quotas.ts';
import type { Task } from '../../src/contract/task.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import type { Offering } from '../../src/rollout/offering.ts';
import { type GatewayTasks, openGatewayTasks } from '../../src/tasks/gatewayTasks.ts';
import type { TaskOptions } from '../../src/tasks/taskOptions.ts';
import type { Broker } from './jobs.ts';
import { SILENT, TEST_MODELS } from './models.ts';
import { tripNumber } from './predictDirectly.ts';

export interface TestGateway extends Disposable {
  readonly tasks: GatewayTasks;
  /** Submits a trip. */
  submit(owner: Owner, options?: TaskOptions): Promise<Task>;
  /** Submits trips as one task. */
  submitRows(owner: Owner, rows: number, options?: TaskOptions): Promise<Task>;
}

/** A client that reads only the tasks of its owner. */
export function clientOf(owner: Owner): ReadingClient {
  return { owner, readable: owner };
}

/** A gateway that gives every task to version 1. */
export async function openTestGateway(
  broker: Broker,
  home: string,
  quotas: Quotas = NO_QUOTAS,
): Promise<TestGateway> {
  const { models } = await Catalog.open(TEST_MODELS, SILENT);
  const model = models.find(({ manifest }) => manifest.name === 'trip-duration');
  if (model === undefined) throw new Error('trip-duration is one of the models');
  const offering = { choose: () => ({ version: '1' }) } as unknown as Offering;
  const limits = readConfig({});
  const stores = { broker, blobStore: broker.blobs };
  const tasks = await openGatewayTasks({
    ...stores,
    ...{ home, models, offering, limits, log: SILENT },
    quotasOf: () => quotas,
    quotasOfKey: () => NO_QUOTAS,
    actualsOf: () => 0,
  });
  const asked = { model, trace: undefined, gone: undefined };
  let trips = 0;
  return {
    tasks,
    submit: (owner, options = {}) =>
      tasks.submissions.submit({ ...asked, owner, options, input: { ...tripNumber(trips++) } }),
    submitRows: (owner, rows, options = {}) => {
      const inputs = Array.from({ length: rows }, () => ({ ...tripNumber(trips++) }));
      return tasks.submissions.submitRowBatch({ ...asked, owner, options, inputs });
    },
    [Symbol.dispose]: () => tasks[Symbol.dispose](),
  };
}
