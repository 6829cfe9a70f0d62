/** A model with `coalesce: true`: equal inputs are run once in a batch, and each task keeps its own result. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  CANCEL_TASK,
  onlyTask,
  post,
  sse,
  submitTrip,
  TASK_RESULT,
  type TaskView,
  taskIn,
} from '../support/client.ts';
import { modelsWith } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';

const TASKS = 60;
const DIFFERENT = 3;
/** `pickupAt` is given, since its default is the second of submission: equal trips would then differ. */
const question = (i: number) => ({ ...tripNumber(i % DIFFERENT), pickupAt: '2021-02-03T14:30:00' });
/** Loaded into the session's process: it prints how many rows each run has. */
const TELL_ROWS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/tellRows.js')}`,
};

test('tasks with equal inputs share a row of their run; each has its own result, and canceling one cancels no other', async () => {
  await using nats = await startNats();
  await using models = await modelsWith((manifest) => {
    manifest.coalesce = true;
    // The batch is full once all tasks but the canceled one have arrived, in any number of deliveries.
    manifest.batching = { maxBatchSize: TASKS - 1, maxWaitMs: 1_000 };
  });
  const env = { MODELS_DIR: models.path };
  await using gateway = await startGateway(nats, env);
  const tasks = await Promise.all(
    Array.from({ length: TASKS }, (_, i) => submitTrip(gateway.url, question(i))),
  );
  const [first] = tasks;
  const canceled = taskIn(await post(gateway.url, CANCEL_TASK, { id: first?.id }), 'cancelTask');
  expect(canceled.state).toBe('CANCELED');

  await using worker = await startWorker(nats, { ...env, ...TELL_ROWS });
  await using direct = await openDirectModel();
  const ends: TaskView[] = [];
  for (const { id } of tasks) ends.push(await onlyTask(sse(gateway.url, TASK_RESULT, { id })));
  expect(ends[0]?.state).toBe('CANCELED');
  for (const [i, { id, state, prediction, timings }] of ends.entries()) {
    if (i === 0) continue;
    expect({ id, state }).toEqual({ id: tasks[i]?.id, state: 'SUCCEEDED' });
    expect(prediction?.durationMinutes).toBe(await direct.predict(question(i)));
    expect(timings?.batchSize).toBe(TASKS - 1);
  }
  // The last run. The runs before it are for the golden rows.
  expect(
    worker
      .output()
      .match(/rows: \d+/g)
      ?.at(-1),
  ).toBe(`rows: ${DIFFERENT}`);
});
