/** A rollout on three brokers: the loss of its leader does not change it. */
import { expect, test } from 'vitest';
import { post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startCluster } from '../support/natsCluster.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import {
  allServed,
  inForce,
  SET_ROLLOUT,
  setRollout,
  twoVersions,
  versionsOf,
  weightsOf,
} from '../support/rollouts.ts';

test('a rollout survives the broker that leads its stream, and can be changed again after the election', async () => {
  await using models = await twoVersions();
  await using cluster = await startCluster();
  const env = { MODELS_DIR: models.path, STREAM_REPLICAS: '3', RESULT_MAX_BYTES: String(2 ** 28) };
  const [gateway, other, worker] = await Promise.all([
    startGateway(cluster, env),
    startGateway(cluster, env),
    startWorker(cluster, env),
  ]);
  await using stack = new AsyncDisposableStack();
  for (const started of [gateway, other, worker]) stack.use(started);
  await allServed(gateway);
  await setRollout(gateway, { 1: 100 });
  await inForce(other, 100, 0);

  await (await cluster.leaderOf('KV_ROLLOUTS')).kill();
  for (const each of [gateway, other])
    expect(await versionsOf(each)).toMatchObject([{ weightPercent: 100 }, { weightPercent: 0 }]);
  // The worker may have been connected to the lost broker. It serves nothing until it has another one.
  await eventually(
    () => post(other.url, SET_ROLLOUT, { weights: weightsOf({ 1: 50, 2: 50 }) }),
    ({ errors = [] }) => {
      for (const { extensions } of errors)
        expect(['BROKER_UNAVAILABLE', 'BAD_USER_INPUT']).toContain(extensions.code);
      return errors.length === 0;
    },
  );
  await inForce(gateway, 50, 50);
  await using late = await startGateway(cluster, env);
  await inForce(late, 50, 50);
});
