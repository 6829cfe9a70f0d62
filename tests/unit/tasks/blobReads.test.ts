/** Blobs that are read for clients: so many answers at once, shared among owners, and their chunks in turns. */
import { expect, test } from 'vitest';
import type { BlobReading } from '../../../src/broker/blobParts.ts';
import { BLOB_CHUNK_BYTES } from '../../../src/contract/blob.ts';
import { ANONYMOUS } from '../../../src/contract/owner.ts';
import { BlobReads } from '../../../src/tasks/blobReads.ts';
import { OperatorArtifacts } from '../../../src/tasks/operatorArtifacts.ts';

const BLOB = { digest: 'a1', bytes: 3 * BLOB_CHUNK_BYTES };

/** A store that gives a chunk when `give` is called. */
function heldStore() {
  const asked: { readonly owner: string; readonly give: () => void }[] = [];
  return {
    asked,
    async *read(owner: string, _blob: unknown, { inTurn }: BlobReading = {}) {
      for (;;) {
        const { promise, resolve } = Promise.withResolvers<void>();
        await inTurn?.(() => {
          asked.push({ owner, give: resolve });
          return promise;
        });
        yield new Uint8Array(1);
      }
    },
  };
}

function asking(reads: BlobReads, client: string) {
  return reads.read({ client, owner: client, blob: BLOB, from: 0, to: BLOB.bytes });
}

test('a gateway sends so many answers at once, and an owner a part of them', async () => {
  const reads = new BlobReads({
    store: {
      async *read() {
        yield new Uint8Array(1);
      },
    },
  });
  const open: AsyncGenerator<Uint8Array>[] = [];
  const begin = async (client: string) => {
    const answer = asking(reads, client);
    await answer.next();
    open.push(answer);
  };
  const untilRefused = async (client: string) => {
    for (let count = 0; ; count++) {
      const refused = await begin(client).then(
        () => undefined,
        (error) => error,
      );
      if (refused === undefined) continue;
      expect(refused).toMatchObject({ code: 'GATEWAY_BUSY', details: { limit: 128 } });
      return count;
    }
  };
  const ofAda = await untilRefused('ada');
  expect(ofAda).toBeGreaterThan(90);
  expect(ofAda).toBeLessThan(110);
  await begin('bob');
  // Without a login nothing is shared out.
  expect(await untilRefused('anonymous')).toBe(127 - ofAda);
  for (const answer of open.splice(0)) await answer.return(undefined);
  expect(await untilRefused('anonymous')).toBe(128);
});

test('chunks of another owner come next, however many one waits for', async () => {
  const store = heldStore();
  const reads = new BlobReads({ store });
  const first = Array.from({ length: 40 }, () => asking(reads, 'ada'));
  for (const answer of first) void answer.next();
  void asking(reads, 'bob').next();
  await rounds();
  expect(store.asked.map(({ owner }) => owner)).toEqual(new Array(16).fill('ada'));
  for (const { give } of store.asked.splice(0, 2)) give();
  await rounds();
  expect(store.asked.slice(-2).map(({ owner }) => owner)).toContain('bob');
});

async function rounds(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('an artifact that is read counts among these answers, and waits for its turn', async () => {
  const reads = new BlobReads({ store: heldStore() });
  const hows: object[] = [];
  const artifacts = new OperatorArtifacts({
    reads,
    store: {
      put: async () => ({ isNew: true }),
      open: async (digest) => ({
        ...{ etag: digest, bytes: 1, mediaType: 'a/b', expiresAt: 1 },
        async *read(_from, _to, how) {
          hows.push(how);
          yield new Uint8Array(1);
        },
      }),
    },
  });
  const content = await artifacts.open(ANONYMOUS, 'a1');
  const first = async () => (await Array.fromAsync(content.read(0, 1))).length;
  expect(await first()).toBe(1);
  expect(hows).toEqual([{ ahead: 2, inTurn: expect.any(Function) }]);
  const open = Array.from({ length: 128 }, () => asking(reads, ANONYMOUS));
  for (const answer of open) void answer.next();
  await expect(first()).rejects.toMatchObject({ code: 'GATEWAY_BUSY' });
});
