/** The queues of models, and all streams, as the broker knows them; and the pause of a model. */
import { type ConsumerInfo, DiscardPolicy, JetStreamApiError, type StreamInfo } from '@nats-io/jetstream';
import { rowsIn } from '../contract/messages/bundle.ts';
import { type Lane, laneOfConsumer, streams, subjects } from '../contract/subjects.ts';
import type { StoredMessages } from './storedMessages.ts';
import { GUARDED_STREAMS } from './streamApis.ts';
import { type ConsumedLane, PAUSED_UNTIL } from './streams.ts';

/** A lane of a version. A message is a bundle or a chunk. */
export interface LaneState {
  readonly version: string;
  readonly lane: Lane;
  /** Messages that no worker has been given yet. */
  readonly waiting: number;
  /** Messages that workers have, or handed back. */
  readonly inHand: number;
  /** Messages that have left the lane since it was made, about: one that was given out twice counts twice. */
  readonly left: number;
  readonly isPaused: boolean;
}

export interface QueueState {
  readonly lanes: readonly LaneState[];
  /** All messages of the queue: those of the lanes, and the jobs of row batches. */
  readonly messages: number;
}

export interface StoreState {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  /** Undefined without a limit. */
  readonly maxBytes: number | undefined;
  /** Whether the oldest messages go when it is full. Otherwise it refuses new ones. */
  readonly dropsOldest: boolean;
}

/** A version that is added while a model is being paused is found by a further look. */
const LOOKS = 5;
const CONSUMER_NOT_FOUND = 10_014;

export class QueueStore {
  readonly #stored: StoredMessages;
  readonly #guarded: StoredMessages;

  constructor({ stored, guarded }: { readonly stored: StoredMessages; readonly guarded: StoredMessages }) {
    this.#stored = stored;
    this.#guarded = guarded;
  }

  // Each throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer.

  async read(model: string): Promise<QueueState> {
    const stream = streams.jobs(model);
    const [consumers, { state }] = await Promise.all([
      this.#consumers(model),
      this.#stored.ask((manager) => manager.streams.info(stream)),
    ]);
    return { lanes: laneStates(consumers), messages: state.messages };
  }

  /** Gives no worker a job of the model any more, or again. It is a setting of the consumers, so restarts keep it. */
  async setPaused(model: string, isPaused: boolean): Promise<void> {
    const stream = streams.jobs(model);
    for (let look = 0; look < LOOKS; look++) {
      const others = (await this.#consumers(model)).filter((each) => (each.paused === true) !== isPaused);
      if (others.length === 0) return;
      await this.#stored.ask(({ consumers }) =>
        Promise.all(
          others.map(({ name }) =>
            unlessGone(
              isPaused ? consumers.pause(stream, name, PAUSED_UNTIL) : consumers.resume(stream, name),
            ),
          ),
        ),
      );
    }
  }

  /** The subjects of the messages in a lane, with those that workers have. */
  async subjectsIn({ model, version, lane }: ConsumedLane): Promise<readonly string[]> {
    const filter = { subjects_filter: subjects.laneJobs(model, version, lane) };
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.jobs(model), filter));
    return Object.keys(state.subjects ?? {});
  }

  /** The number of rows in a queued message; 0 if it has left the queue. */
  async rowsAt(model: string, subject: string): Promise<number> {
    return (await this.#stored.last(streams.jobs(model), subject, ({ data }) => rowsIn(data))) ?? 0;
  }

  /** The streams at this broker, by name, without that of probes. */
  async stores(): Promise<readonly StoreState[]> {
    const [own, guarded] = await Promise.all([
      this.#stored.ask((manager) => Array.fromAsync(manager.streams.list())),
      this.#guarded.ask(({ streams: all }) => Promise.all(GUARDED_STREAMS.map((name) => all.info(name)))),
    ]);
    // At a broker without roles the first list has the guarded streams, too.
    const byName = new Map([...own, ...guarded].map((info) => [info.config.name, storeState(info)]));
    byName.delete(streams.probe);
    return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #consumers(model: string): Promise<readonly ConsumerInfo[]> {
    return this.#stored.ask((manager) => Array.fromAsync(manager.consumers.list(streams.jobs(model))));
  }
}

function laneStates(consumers: readonly ConsumerInfo[]): readonly LaneState[] {
  return consumers.flatMap(({ name, num_pending, num_ack_pending, delivered, paused }) => {
    const place = laneOfConsumer(name);
    if (place === undefined) return [];
    return {
      ...place,
      waiting: num_pending,
      inHand: num_ack_pending,
      left: delivered.consumer_seq - num_ack_pending,
      isPaused: paused === true,
    };
  });
}

function storeState({ config, state }: StreamInfo): StoreState {
  return {
    name: config.name,
    messages: state.messages,
    bytes: state.bytes,
    maxBytes: config.max_bytes > 0 ? config.max_bytes : undefined,
    dropsOldest: config.discard === DiscardPolicy.Old,
  };
}

/** A consumer of a version that was retired meanwhile needs no pause. */
async function unlessGone(asking: Promise<unknown>): Promise<void> {
  try {
    await asking;
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND)) throw error;
  }
}
