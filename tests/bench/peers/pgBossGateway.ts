/** A gateway that submits to pg-boss with `insert`, and hears of results by LISTEN. */
import { randomUUID } from 'node:crypto';
import type { Trip } from '../../support/client.ts';
import { inGroups } from './inGroups.ts';
import { PG_BOSS_QUEUE, RESULTS_CHANNEL, startBoss } from './pgBossQueue.ts';
import { Results } from './results.ts';
import { queued, serveTasks, succeeded } from './taskGateway.ts';

const MOST_AT_ONCE = 256;

const boss = await startBoss();
await boss.createQueue(PG_BOSS_QUEUE, { notify: true });
const database = boss.getDb();
await database.executeSql(
  'CREATE TABLE trip_results (id uuid PRIMARY KEY, duration_minutes float8 NOT NULL)',
);

const results = new Results();
const heard = (payload: string) => {
  const ended: readonly (readonly [string, number])[] = JSON.parse(payload);
  for (const [id, durationMinutes] of ended) results.arrived(succeeded(id, durationMinutes));
};
await database.listen(RESULTS_CHANNEL, heard, () => {});

const submit = inGroups(MOST_AT_ONCE, async (trips: readonly Trip[]) => {
  const jobs = trips.map((data) => ({ id: randomUUID(), data }));
  await boss.insert(PG_BOSS_QUEUE, jobs);
  return jobs.map(({ id }) => queued(id));
});
await serveTasks({ submit, result: (id) => results.take(id) });
