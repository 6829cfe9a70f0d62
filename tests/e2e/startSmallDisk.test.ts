/** `npm start` on a disk with less space than the stores use by default, or with none. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onlyTask, PREDICT_TRIP, post, sse, TASK_RESULT, taskIn } from '../support/client.ts';
import { eventually, PATIENCE_MS } from '../support/eventually.ts';
import { brokerKey, connectToBroker, type StartedSystem, startSystem } from '../support/npmStart.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { canMountDisks, mountSmallDisk, type SmallDisk } from '../support/smallDisk.ts';

/** How `npm start` tells the sizes that it has chosen. */
const CHOSEN = { msg: 'the disk of DATA_DIR is small: the stores are smaller than by default' };

// One after the other: systems that start at the same time on few cores each take as long as all of them.
describe.runIf(canMountDisks)('`npm start` on a small disk', () => {
  describe('with just enough space for the smallest stores', () => {
    let disk: SmallDisk;
    let system: StartedSystem;

    beforeAll(async () => {
      disk = await mountSmallDisk(256);
      system = await startSystem({ DATA_DIR: join(disk.path, 'data') });
      await system.banner();
    });

    afterAll(async () => {
      for (const opened of [system, disk]) await opened?.[Symbol.asyncDispose]();
    });

    test('runs with these, although the largest one would not fit twice, and logs their sizes', async () => {
      expect(await system.log.find(CHOSEN)).toMatchObject({
        RESULT_MAX_BYTES: '32 MiB',
        QUEUE_MAX_BYTES: '8 MiB',
        allStores: '225 MiB',
      });
      const { dataDir } = system;
      const connection = await connectToBroker(dataDir, 'observer', await brokerKey(dataDir, 'observer'));
      const { config } = await (await jetstreamManager(connection, { timeout: PATIENCE_MS })).streams.info(
        'ENDS',
      );
      expect(config.max_bytes).toBe(32 * 1024 * 1024);
      await connection.close();
    });

    test('restarts its broker once a full disk has space again, and loses no task', async () => {
      const url = await system.url();
      const predict = () =>
        post(url, PREDICT_TRIP, { input: tripNumber(1), options: { timeoutMs: 120_000 } });
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

  test('chooses the same sizes again when it is restarted with a full store', async () => {
    await using disk = await mountSmallDisk(1024);
    const dataDir = join(disk.path, 'data');
    const expectSizes = async () => {
      await using system = await startSystem({ DATA_DIR: dataDir });
      const chosen = { room: '1.0 GiB', RESULT_MAX_BYTES: '256 MiB', QUEUE_MAX_BYTES: '8 MiB' };
      expect(await system.log.find(CHOSEN)).toMatchObject(chosen);
      await system.log.find({ msg: 'nats-server is ready' });
    };
    await expectSizes();
    // The stores now use all that they may. Used and free space together are as large as before.
    await mkdir(join(dataDir, 'jetstream/jetstream/kept'), { recursive: true });
    execFileSync('fallocate', ['-l', '300MiB', join(dataDir, 'jetstream/jetstream/kept/blocks')]);
    await expectSizes();
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
});
