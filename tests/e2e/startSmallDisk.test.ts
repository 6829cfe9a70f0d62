/** `npm start` on a disk with less space than the stores use by default, or with none. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { onlyTask, PREDICT_TRIP, post, sse, TASK_RESULT, taskIn } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { brokerKey, connectToBroker, type StartedSystem, startSystem } from '../support/npmStart.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';

// The tests run at the same time, since they mostly wait.
describe.runIf(canMountDisks)('`npm start` on a small disk', { concurrent: true }, () => {
  test('starts with smaller stores, logs their sizes, and keeps them after a restart with a full store', async () => {
    await using disk = await mountSmallDisk(1024);
    const dataDir = join(disk.path, 'data');
    const saysSizes = async ({ log }: StartedSystem) =>
      expect(
        await log.find({ msg: 'the disk of DATA_DIR is small: the stores are smaller than by default' }),
      ).toMatchObject({ room: '1.0 GiB', RESULT_MAX_BYTES: '256 MiB', QUEUE_MAX_BYTES: '8 MiB' });
    {
      await using system = await startSystem({ DATA_DIR: dataDir });
      await saysSizes(system);
      const url = await system.url();
      const { id } = taskIn(await post(url, PREDICT_TRIP, { input: tripNumber(1) }), 'predictTrip');
      expect(await onlyTask(sse(url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
      const connection = await connectToBroker(dataDir, 'observer', await brokerKey(dataDir, 'observer'));
      const { config } = await (await jetstreamManager(connection)).streams.info('ENDS');
      expect(config.max_bytes).toBe(256 * 1024 * 1024);
      await connection.close();
    }
    // The stores now use all that they may. Used and free space together are as large as before.
    await mkdir(join(dataDir, 'jetstream/jetstream/kept'), { recursive: true });
    execFileSync('fallocate', ['-l', '300MiB', join(dataDir, 'jetstream/jetstream/kept/blocks')]);
    await using again = await startSystem({ DATA_DIR: dataDir });
    await saysSizes(again);
  });

  test('starts if the streams fit, although the largest one would not fit twice', async () => {
    await using disk = await mountSmallDisk(600);
    await using system = await startSystem({ DATA_DIR: join(disk.path, 'data') });
    await system.banner();
  });

  test('ends with the needed space if the disk is too small, also for a size that is configured', async () => {
    await using disk = await mountSmallDisk(64);
    await using tooSmall = await startSystem({ DATA_DIR: join(disk.path, 'data') });
    expect(await tooSmall.exitCode()).toBe(78);
    expect(tooSmall.errors()).toMatch(
      /room for 225 MiB, which the streams reserve, got 6[34] MiB: free some space/,
    );
    await using asked = await startSystem({
      DATA_DIR: join(disk.path, 'data'),
      QUEUE_MAX_BYTES: String(2 ** 30),
    });
    expect(await asked.exitCode()).toBe(78);
    expect(asked.errors()).toMatch(/room for 1\.\d GiB.*lower QUEUE_MAX_BYTES, free some space/);
  });

  test('ends with exit code 78 and a reason if the disk is already full', async () => {
    await using disk = await mountSmallDisk(256);
    const dataDir = join(disk.path, 'data');
    // Data of an earlier start counts as space for the streams.
    await mkdir(join(dataDir, 'jetstream'), { recursive: true, mode: 0o700 });
    await writeFile(join(dataDir, 'nats-server.conf'), '{}');
    execFileSync('fallocate', ['-l', '180MiB', join(dataDir, 'jetstream/kept')]);
    disk.fill();
    for (const folder of [dataDir, join(disk.path, 'new')]) {
      await using system = await startSystem({ DATA_DIR: folder });
      expect(await system.exitCode()).toBe(78);
      expect(system.errors()).toContain(`DATA_DIR must lie on a disk with room, got ${folder} (ENOSPC`);
      expect(system.errors()).not.toContain('foreseen');
    }
  });

  test('restarts its broker once a full disk has space again, and loses no task', async () => {
    await using disk = await mountSmallDisk(256);
    await using system = await startSystem({ DATA_DIR: join(disk.path, 'data') });
    const url = await system.url();
    const predict = () => post(url, PREDICT_TRIP, { input: tripNumber(1), options: { timeoutMs: 120_000 } });
    const accepted: string[] = [];
    disk.fill();
    const refusal = await eventually(predict, (answer) => {
      if (answer.errors === undefined) accepted.push(taskIn(answer, 'predictTrip').id);
      return answer.errors !== undefined;
    });
    expect(refusal.errors).toMatchObject([
      { extensions: { code: 'BROKER_UNAVAILABLE', retryAfterMs: 1_000 } },
    ]);
    await system.log.find({ msg: 'the disk of DATA_DIR is full: waiting for room' });
    disk.makeRoom();
    await system.log.next({ msg: 'nats-server stores nothing although there is room: restarting it' });
    await system.log.next({ msg: 'nats-server is ready' });
    const again = await eventually(predict, ({ errors }) => errors === undefined);
    for (const id of [...accepted, taskIn(again, 'predictTrip').id])
      expect(await onlyTask(sse(url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
    expect(
      await eventually(
        () => fetch(url.replace('/graphql', '/ready')),
        ({ ok }) => ok,
      ),
    ).toBeDefined();
  });
});
