/** Backup and restore, with the commands of docs/operations.md. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { onlyTask, sse, submitTrip, TASK_RESULT } from '../support/client.ts';
import { blockOfTest } from '../support/documents.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';

test('a queued task survives a backup and restore, and gets its result', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-backup-'));
  const runBlock = (name: string) =>
    promisify(execFile)('sh', ['-ec', blockOfTest('docs/operations.md', name)], { cwd: folder.path });
  await using nats = await startNats({ dataDir: join(folder.path, '.data') });
  let id: string;
  {
    await using gateway = await startGateway(nats);
    ({ id } = await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 300_000 }));
  }
  await nats.kill('SIGTERM');
  await runBlock('backup');
  await runBlock('restore');

  await nats.restart();
  await using gateway = await startGateway(nats);
  await using _worker = await startWorker(nats);
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
});
