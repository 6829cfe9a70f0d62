/** The rates at which JetStream alone stores and delivers messages, with a client that does nothing else. */
import { AckPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startNats } from '../../support/natsServer.ts';
import { rateOver } from './echoes.ts';

const STREAM = 'bench';
const UNDER_WAY = 256;
/** About as large as a job. */
const PAYLOAD = 'x'.repeat(400);
const WANTED_AT_ONCE = 1_000;

export interface JetStreamRates {
  /** Messages that are published, stored in a file and acknowledged per second, 256 at the same time. */
  readonly published: number;
  /** Messages that are delivered to a pull consumer and acknowledged by it per second. */
  readonly delivered: number;
}

export async function jetStreamRates(seconds: number): Promise<JetStreamRates> {
  await using nats = await startNats();
  const connection = await connect({ servers: nats.url });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: STREAM, subjects: [`${STREAM}.>`], storage: StorageType.File });
    await manager.consumers.add(STREAM, { durable_name: STREAM, ack_policy: AckPolicy.Explicit });
    const published = await publishRate(connection, seconds);
    return { published, delivered: await deliveryRate(connection, seconds) };
  } finally {
    await connection.close();
  }
}

/** Each acknowledgement triggers the next message. There are no promises and no table, so the client is fast. */
async function publishRate(connection: NatsConnection, seconds: number): Promise<number> {
  let count = 0;
  let stopped = false;
  const publish = () => connection.publish(`${STREAM}.${count++}`, PAYLOAD, { reply: `${STREAM}-replies` });
  const replies = connection.subscribe(`${STREAM}-replies`, {
    callback: () => {
      if (!stopped) publish();
    },
  });
  for (let i = 0; i < UNDER_WAY; i++) publish();
  const rate = await rateOver(seconds, () => count);
  stopped = true;
  await replies.drain();
  return rate;
}

/** Measures until all published messages are delivered, or the time is over. */
async function deliveryRate(connection: NatsConnection, seconds: number): Promise<number> {
  const consumer = await jetstream(connection).consumers.get(STREAM, STREAM);
  const { num_pending: waiting } = await consumer.info();
  let count = 0;
  const startedAt = performance.now();
  let endedAt = startedAt;
  const done = Promise.withResolvers<void>();
  const messages = await consumer.consume({
    max_messages: WANTED_AT_ONCE,
    callback: (message) => {
      message.ack();
      count++;
      endedAt = performance.now();
      if (count === waiting) done.resolve();
    },
  });
  const timer = setTimeout(done.resolve, seconds * 1_000);
  await done.promise;
  clearTimeout(timer);
  await messages.close();
  return count / ((endedAt - startedAt) / 1_000);
}
