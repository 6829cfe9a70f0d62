/** Reads and changes the broker's streams from outside, as an operator could. */
import { type ConsumerInfo, jetstreamManager, type StreamConfig, type StreamState } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { rowsIn } from '../../src/contract/messages/bundle.ts';
import { decodeEnds, tasksIn } from '../../src/contract/messages/ends.ts';
import type { FinishedTask } from '../../src/contract/task.ts';

export interface StreamInspector extends AsyncDisposable {
  /** Makes a stream that does not belong to Tidings. */
  add(config: Partial<StreamConfig> & { readonly name: string }): Promise<void>;
  state(stream: string): Promise<StreamState>;
  /** The subjects that have messages, in order. */
  subjects(stream: string): Promise<readonly string[]>;
  /** The bytes that a stream may take. */
  maxBytes(stream: string): Promise<number>;
  /** How long a stream keeps a message, in nanoseconds; 0: for ever. */
  maxAge(stream: string): Promise<number>;
  consumer(stream: string, name: string): Promise<ConsumerInfo>;
  /** @returns the JSON of the newest message on a subject, if there is one. */
  last(stream: string, subject: string): Promise<Record<string, unknown> | undefined>;
  /**
   * The number of tasks that wait for a model, however many of them share a message. A chunk counts as one.
   *
   * @param subjects of those that count. @default all
   */
  queued(model: string, subjects?: string): Promise<number>;
  /** The tasks that have ended, each once, however many of them share a message. */
  ended(): Promise<readonly FinishedTask[]>;
  /** Removes the oldest messages, as the end of their lifetime would. */
  removeOldest(stream: string, count: number): Promise<void>;
  /** Removes the messages of a subject. */
  purge(stream: string, filter: string): Promise<void>;
  /** Limits the number of messages in a stream. */
  limit(stream: string, maxMessages: number): Promise<void>;
  /** @returns a set to which each subject is added on which a message is published from now on. */
  hear(filter: string): Promise<ReadonlySet<string>>;
  /** Publishes raw bytes, as any program with access to the broker could. */
  publish(subject: string, data: string): Promise<void>;
}

export async function inspectStreams(broker: { readonly url: string }): Promise<StreamInspector> {
  const connection = await connect({ servers: broker.url.split(',') });
  const manager = await jetstreamManager(connection);
  return {
    add: async (config) => {
      await manager.streams.add(config);
    },
    state: async (stream) => (await manager.streams.info(stream)).state,
    subjects: async (stream) => {
      const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
      return Object.keys(state.subjects ?? {}).toSorted();
    },
    maxBytes: async (stream) => (await manager.streams.info(stream)).config.max_bytes,
    maxAge: async (stream) => (await manager.streams.info(stream)).config.max_age,
    consumer: (stream, name) => manager.consumers.info(stream, name),
    last: async (stream, subject) =>
      (await manager.streams.getMessage(stream, { last_by_subj: subject }))?.json(),
    queued: async (model, subjects = '>') => {
      let count = 0;
      for (let seq = 1; ; ) {
        // The types of the library lack "next_by_subj" without "last_by_subj".
        const query = { seq, next_by_subj: subjects };
        const message = await manager.streams.getMessage(`JOBS_${model}`, query);
        if (message === null) return count;
        count += rowsIn(message.data);
        seq = message.seq + 1;
      }
    },
    ended: async () => {
      const { messages, last_seq } = (await manager.streams.info('ENDS')).state;
      if (messages === 0) return [];
      const tasks: FinishedTask[] = [];
      for (let seq = 1; seq <= last_seq; ) {
        const batch = await manager.direct.getBatch('ENDS', { seq, batch: 1_000 });
        for await (const { subject, data, seq: found } of batch) {
          tasks.push(...tasksIn(decodeEnds(data, subject)));
          seq = found + 1;
        }
      }
      return tasks;
    },
    removeOldest: async (stream, count) => {
      const { first_seq } = (await manager.streams.info(stream)).state;
      await manager.streams.purge(stream, { seq: first_seq + count });
    },
    purge: async (stream, filter) => {
      await manager.streams.purge(stream, { filter });
    },
    limit: async (stream, maxMessages) => {
      await manager.streams.update(stream, { max_msgs: maxMessages });
    },
    hear: async (filter) => {
      const heard = new Set<string>();
      connection.subscribe(filter, { callback: (_error, { subject }) => void heard.add(subject) });
      await connection.flush();
      return heard;
    },
    publish: async (subject, data) => {
      await connection.request(subject, data);
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
