/** How full the store of chunk results may be for a new task of many rows. */
import { expect, test } from 'vitest';
import { ChunkAdmission } from '../../../src/tasks/chunkAdmission.ts';

test('chunk results take up to 90 % of their store, and new ones are taken to be as large as those in it', async () => {
  const broker = { chunks: { held: async () => ({ chunks: 7, bytes: 7_000, maxBytes: 10_000 }) } };
  const admission = new ChunkAdmission({
    broker: broker as ConstructorParameters<typeof ChunkAdmission>[0]['broker'],
  });
  await admission.admit(2);
  await expect(admission.admit(1)).rejects.toMatchObject({ code: 'RESULT_STORE_FULL' });
});
