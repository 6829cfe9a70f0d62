/**
 * A worker of pg-boss. One statement stores the results and tells the gateway, and pg-boss then completes the jobs. If the
 * worker dies between the two, the jobs run again and their results stay. This takes four statements for a task; with
 * pg-boss's `transactional` it would be seven.
 */
import type { Trip } from '../../support/client.ts';
import { openDirectModel } from '../../support/predictDirectly.ts';
import { announce } from './announce.ts';
import { PG_BOSS_QUEUE, RESULTS_CHANNEL, startBoss } from './pgBossQueue.ts';

const BATCH = 256;
/** PostgreSQL takes less than 8,000 bytes a notification. A result is at most 65 bytes. */
const RESULTS_PER_NOTIFICATION = 100;

const STORE = `WITH stored AS (INSERT INTO trip_results SELECT * FROM unnest($1::uuid[], $2::float8[])
    ON CONFLICT DO NOTHING)
  SELECT pg_notify('${RESULTS_CHANNEL}', payload) FROM unnest($3::text[]) AS payload`;

const model = await openDirectModel();
const boss = await startBoss();
const database = boss.getDb();
await boss.work<Trip>(PG_BOSS_QUEUE, { batchSize: BATCH, burstWhenBatchFull: true }, async (jobs) => {
  const minutes = await model.predictAll(jobs.map(({ data }) => data));
  const ids = jobs.map(({ id }) => id);
  const ended = ids.map((id, i) => [id, minutes[i]]);
  const payloads: string[] = [];
  for (let i = 0; i < ended.length; i += RESULTS_PER_NOTIFICATION)
    payloads.push(JSON.stringify(ended.slice(i, i + RESULTS_PER_NOTIFICATION)));
  await database.executeSql(STORE, [ids, minutes, payloads]);
});
announce();
