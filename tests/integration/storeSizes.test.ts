import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseSizes, type StoreLimits } from '../../src/launcher/storeSizes.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const limits = {
  resultMaxBytes: 4 * GIB,
  queueMaxBytes: 128 * MIB,
  blobsMaxBytes: 2 * GIB,
  artifactsMaxBytes: 2 * GIB,
};
const mayLower = { resultMaxBytes: true, queueMaxBytes: true, blobsMaxBytes: true, artifactsMaxBytes: true };
const sizesWith = ({ resultMaxBytes, queueMaxBytes, blobsMaxBytes, artifactsMaxBytes }: StoreLimits) =>
  new Map([
    ['ENDS', resultMaxBytes],
    ['CHUNKS', resultMaxBytes / 2],
    ['JOBS_a', queueMaxBytes],
    ['BLOBS', blobsMaxBytes],
    ['ARTIFACTS', artifactsMaxBytes],
  ]);

describe.runIf(canMountDisks)('the sizes of the stores', () => {
  test('are halved until they fit, except sizes that are configured', async () => {
    await using disk = await mountSmallDisk(512);
    const choose = (may = mayLower) => chooseSizes({ storeDir: disk.path, limits, mayLower: may, sizesWith });
    expect((await choose()).limits).toEqual({
      resultMaxBytes: 128 * MIB,
      queueMaxBytes: 8 * MIB,
      blobsMaxBytes: 64 * MIB,
      artifactsMaxBytes: 64 * MIB,
    });
    expect((await choose({ ...mayLower, queueMaxBytes: false })).limits).toEqual({
      resultMaxBytes: 128 * MIB,
      queueMaxBytes: 128 * MIB,
      blobsMaxBytes: 64 * MIB,
      artifactsMaxBytes: 64 * MIB,
    });
    await expect(choose({ ...mayLower, resultMaxBytes: false })).rejects.toThrow(
      'DATA_DIR must lie on a disk with room for 6.0 GiB, which the streams reserve, got 512 MiB: lower RESULT_MAX_BYTES, free',
    );
  });

  test('never become smaller than the stored data, also when other programs have filled the disk', async () => {
    await using disk = await mountSmallDisk(256);
    const storeDir = join(disk.path, 'store');
    // Those of 0.2 and the new ones share a limit.
    for (const stream of ['ENDS', 'RESULTS']) {
      const messages = join(storeDir, `jetstream/TIDINGS/streams/${stream}/msgs`);
      await mkdir(messages, { recursive: true });
      await writeFile(join(messages, '1.blk'), Buffer.alloc(50 * MIB));
    }
    disk.fill();
    const {
      limits: chosen,
      reservedBytes,
      roomBytes,
    } = await chooseSizes({
      storeDir,
      limits,
      mayLower,
      sizesWith,
    });
    expect(chosen.resultMaxBytes).toBe(128 * MIB);
    expect(roomBytes).toBeLessThan(101 * MIB);
    expect(reservedBytes).toBe(328 * MIB);
  });
});
