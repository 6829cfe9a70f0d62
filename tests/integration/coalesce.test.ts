/** A model that says `coalesce: true`: the same question is run once in a batch, and everything else stays each task's own. */
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
/** Told, as left out it is the second in which a task is submitted: the same trip a second later is another question. */
const question = (i: number) => ({ ...tripNumber(i % DIFFERENT), pickupAt: '2021-02-03T14:30:00' });
/** Loaded into the session's process: tells how many rows each run has. */
const TELL_ROWS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/tellRows.js')}`,
};

test('tasks that ask the same share rows of their run; each has its own result, and canceling one cancels no other', async () => {
  await using nats = await startNats();
  await using models = await modelsWith((manifest) => {
    manifest.coalesce = true;
    // Full once all but the canceled one have arrived, in however many pieces.
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
  // The last run; those before it are the golden rows'.
  expect(
    worker
      .output()
      .match(/rows: \d+/g)
      ?.at(-1),
  ).toBe(`rows: ${DIFFERENT}`);
});
