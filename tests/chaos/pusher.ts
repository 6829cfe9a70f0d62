/**
 * Brings a version into the registry, as a trainer does at the end of a training. It is a process of its own, to be killed.
 *
 *     node tests/chaos/pusher.ts <folder of the version> <id of the task>
 */
import { dirname } from 'node:path';
import { openBroker } from '../../src/broker/broker.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { pushFolder } from '../../src/registry/pushedFolder.ts';

const [folder = '', taskId = ''] = process.argv.slice(2);
const config = readConfig(process.env);
const log = createLog(config, 'pusher');
const { models } = await Catalog.open(config.modelsDir, log);
await using broker = await openBroker({
  access: config,
  role: 'trainer',
  name: 'pusher',
  models,
  limits: config,
  log,
});
const { versions, artifacts } = broker;
console.log('pushing');
await pushFolder('trip-duration', folder, {
  ...{
    versions,
    artifacts,
    modelsDir: dirname(dirname(folder)),
    signingKey: undefined,
    owner: 'chaos',
    taskId,
  },
});
