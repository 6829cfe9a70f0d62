/** Backup and restore, with the commands of docs/operations.md. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { onlyTask, post, sse, submitTrip, TASK, TASK_RESULT } from '../support/client.ts';
import { blockOfTest } from '../support/documents.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';

test('a queued task is there again after a restore, and one that came after the backup is not', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-backup-'));
  const dataDir = join(folder.path, '.data');
  const runBlock = (name: string) =>
    promisify(execFile)('sh', ['-ec', blockOfTest('docs/operations.md', name)], { cwd: folder.path });
  await using nats = await startNats({ dataDir });
  const submit = async (gateway: { readonly url: string }, number: number) =>
    (await submitTrip(gateway.url, tripNumber(number), { timeoutMs: 300_000 })).id;
  let kept: string;
  let later: string;

  {
    await using gateway = await startGateway(nats);
    kept = await submit(gateway, 1);
  }
  await nats.kill('SIGTERM');
  await runBlock('backup');

  await nats.restart();
  {
    await using gateway = await startGateway(nats);
    later = await submit(gateway, 2);
  }
  await nats.kill('SIGTERM');
  await runBlock('restore');

  await nats.restart();
  await using gateway = await startGateway(nats);
  await using _worker = await startWorker(nats);
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: kept }))).toMatchObject({ state: 'SUCCEEDED' });
  expect(await post(gateway.url, TASK, { id: later })).toMatchObject({
    errors: [{ extensions: { code: 'TASK_NOT_FOUND' } }],
  });
});
