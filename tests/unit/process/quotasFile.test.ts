/** The file with the quotas of owners. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NO_QUOTAS } from '../../../src/contract/quotas.ts';
import { readQuotas } from '../../../src/process/quotasFile.ts';

async function read(content: unknown) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-quotas-'));
  const file = join(folder.path, 'quotas.json');
  await writeFile(file, JSON.stringify(content));
  return await readQuotas(file);
}

test('an owner has the quotas of all owners, and his own in their place', async () => {
  const quotasOf = await read({
    default: { tasksPerSecond: 10, subscriptions: 5 },
    owners: { shop: { tasksPerSecond: 50 } },
  });
  expect(quotasOf('shop')).toEqual({ tasksPerSecond: 50, subscriptions: 5 });
  expect(quotasOf('other')).toEqual({ tasksPerSecond: 10, subscriptions: 5 });
});

test('without a file no owner has quotas', async () => {
  expect((await readQuotas(undefined))('shop')).toBe(NO_QUOTAS);
});

test.each([
  [[], 'must be an object with the members default and owners only, got []'],
  [{ defaults: {} }, 'must be an object with the members default and owners only'],
  [{ owners: [] }, 'must be an object, got []'],
  [{ default: 5 }, 'must be an object with quotas, got 5'],
  [{ default: { tasks: 5 } }, 'must have quotas of these names only: tasksPerSecond, costPerMinute'],
  [{ owners: { shop: { subscriptions: 0 } } }, 'must have whole numbers from 1 up, got 0 for subscriptions'],
  [
    { owners: { shop: { subscriptions: '5' } } },
    'must have whole numbers from 1 up, got "5" for subscriptions',
  ],
])('%j is refused with what is wrong in it', async (content, problem) => {
  await expect(read(content)).rejects.toThrow(problem);
});
