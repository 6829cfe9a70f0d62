/**
 * Memory over time: a steady load of about half of what the machine can do, and the resident memory of each server
 * process in the first and in the last quarter of it.
 */
import { startNats } from '../support/natsServer.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { expectedMinutes, startClient } from './client.ts';
import { elapsed, median, residentMiB } from './measure.ts';

const CLIENTS = 64;
const TASKS_PER_SECOND = 1_000;
const SAMPLE_MS = 5_000;

/** @param minutes how long the load lasts. */
export async function benchSoak(minutes = 20): Promise<void> {
  const production = { NODE_ENV: 'production', LOG_LEVEL: 'warn' };
  await using nats = await startNats();
  await using gateway = await startGateway(nats, production);
  await using worker = await startWorker(nats, production);
  const expected = await expectedMinutes();
  let finished = 0;
  const paceMs = (CLIENTS / TASKS_PER_SECOND) * 1_000;
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) =>
      startClient(gateway.url, { offset: i, expected, paceMs, onResult: () => finished++ }),
    ),
  );
  const pids = { gateway: gateway.pid, 'worker and session': worker.pid, 'nats-server': nats.pid };
  const samples: Record<string, number[]> = Object.fromEntries(Object.keys(pids).map((name) => [name, []]));
  const total = (minutes * 60_000) / SAMPLE_MS;
  for (let sample = 0; sample < total; sample++) {
    await elapsed(SAMPLE_MS);
    for (const [name, pid] of Object.entries(pids)) samples[name]?.push(await residentMiB(pid));
  }
  for (const client of clients) client.terminate();

  console.log(
    `| ${minutes} minutes, ${finished} tasks, ${Math.round(finished / minutes / 60)} tasks/s | first quarter | last quarter | most |`,
  );
  console.log('| --- | ---: | ---: | ---: |');
  for (const [name, values] of Object.entries(samples)) {
    const quarter = Math.ceil(values.length / 4);
    const shown = [median(values.slice(0, quarter)), median(values.slice(-quarter)), Math.max(...values)];
    console.log(`| ${name}, MiB | ${shown.map((value) => value.toFixed(0)).join(' | ')} |`);
  }
}
