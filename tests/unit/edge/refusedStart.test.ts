/** A gateway whose settings are refused once its port is open. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { buildSchema } from '../../../schema/index.ts';
import { openServer } from '../../../src/edge/server.ts';
import { Catalog } from '../../../src/models/catalog.ts';
import { readConfig } from '../../../src/process/config.ts';
import { freePort } from '../../support/freePort.ts';
import { SILENT, TEST_MODELS } from '../../support/models.ts';

test('leaves its port to others', async () => {
  using catalog = await Catalog.open(TEST_MODELS, SILENT);
  const { models } = catalog;
  const port = await freePort();
  const config = readConfig({
    PORT: String(port),
    AUTH: 'keys',
    OPERATOR_TOKEN: 'tid_000000000001_a-token-that-looks-like-a-key',
  });
  await expect(openServer({ models, schema: buildSchema(models), config, log: SILENT })).rejects.toThrow(
    'OPERATOR_TOKEN must not begin with tid_',
  );
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  other.close();
});
