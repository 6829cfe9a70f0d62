/** The provisioner of streams, as `npm start` and `npm run broker -- provision --watch` have it. */
import { expect, test, vi } from 'vitest';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { Provisioner } from '../../src/registry/provisioning.ts';
import { SILENT, TEST_MODELS } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';

test('a provisioner that is closed while the broker is away tries no more', async () => {
  await using nats = await startNats();
  using catalog = await Catalog.open(TEST_MODELS, SILENT);
  const { models } = catalog;
  const [model] = models;
  if (model === undefined) throw new Error('there is a model');
  let tell: Parameters<Catalog['watch']>[0] = () => {};
  const log = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');
  const warn = vi.spyOn(log, 'warn');
  const provisioner = await Provisioner.open({
    access: { natsUrl: nats.url },
    limits: readConfig({}),
    log,
    catalog: {
      models,
      folderOf: () => undefined,
      setRegistered: () => {},
      watch(listener) {
        tell = listener;
        return { [Symbol.dispose]() {} };
      },
    },
  });
  const lost = vi.waitUntil(() => warn.mock.calls.some(([message]) => String(message).includes('lost')), {
    timeout: 10_000,
  });
  await nats.kill();
  await lost;
  warn.mockClear();
  tell({ model } as Parameters<typeof tell>[0]);
  await provisioner[Symbol.asyncDispose]();
  expect(warn.mock.calls.flat()).not.toContain('a new version has no consumers yet');
});
