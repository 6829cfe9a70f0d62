/**
 * Checks that the broker stores messages. A nats-server with a full disk still answers requests, but leaves messages
 * that it cannot write without an answer. A stream that failed once fails until the server restarts, even after the
 * disk has space again. So this checks two things:
 *
 * - The disk, by a message to a stream of probes. If that stream fails, it is made again, so that it shows the present
 *   state of the disk, and no other stream fails because of the check. All gateways share it. At a broker with roles a
 *   gateway may not make it: there the check fails until nats-server is restarted.
 * - Streams that left a message of ours unconfirmed, by one more message to a subject without readers. It is deleted at
 *   once.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { JetStreamApiError } from '@nats-io/jetstream';
import { type NatsConnection, RequestError as NoAnswer, nuid } from '@nats-io/transport-node';
import { messageOf, type RequestError, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import { streamOf, streams, subjects } from '../contract/subjects.ts';
import { outcomeOf } from './publishOutcome.ts';
import type { Rights } from './rights.ts';
import type { StreamApis } from './streamApis.ts';
import { probeStream, type StreamLimits } from './streams.ts';

export interface WriteCheckOptions {
  readonly connection: NatsConnection;
  readonly apis: Pick<StreamApis, 'of'>;
  readonly limits: Pick<StreamLimits, 'streamReplicas'>;
  readonly rights: Pick<Rights, 'mayMakeStreams'>;
}

/** The time for the whole check. A message that is not confirmed by then counts as not stored. */
const WITHIN_MS = 2_000;
/** The time for one try. It leaves time to make the stream of probes again and to try twice more. */
const TRY_MS = 600;
const PAUSE_MS = 20;
/** The size of a probe: more than a page, because a full disk may have a part of a page left. */
const PROBE = '.'.repeat(5_000);
/** No task waits for a message of theirs, and gateways may not write probes into them, or not remove them. */
const UNPROBED: ReadonlySet<string> = new Set([
  streams.keys,
  streams.keyUses,
  streams.audit,
  streams.artifacts,
]);
const NO_SUCH_STREAM = 10_059;
const NAME_IN_USE = 10_058;

export class WriteCheck {
  readonly #options: WriteCheckOptions;
  /** Streams that left a message unconfirmed. */
  readonly #silent = new Set<string>();

  constructor(options: WriteCheckOptions) {
    this.#options = options;
  }

  /** Tells that a message was not confirmed in time. */
  unconfirmed(subject: string): void {
    const stream = streamOf(subject);
    if (!UNPROBED.has(stream)) this.#silent.add(stream);
  }

  /** Forgets the silent streams: the server is another one, or has restarted. */
  forget(): void {
    this.#silent.clear();
  }

  /** @throws {RequestError} `RESULT_STORE_FULL`, within two seconds, if the disk or a silent stream stores nothing. */
  async check(): Promise<void> {
    await Promise.all([within(WITHIN_MS, this.#writeToDisk()), this.checkSilent()]);
  }

  /** The same only for streams that left a message unconfirmed. It costs nothing while there is none. */
  async checkSilent(): Promise<void> {
    await Promise.all([...this.#silent].map((stream) => within(WITHIN_MS, this.#writeToSilent(stream))));
  }

  async #writeToDisk(): Promise<void> {
    const giveUpAt = performance.now() + WITHIN_MS;
    let isDeleted = false;
    for (;;) {
      try {
        await this.#store(subjects.probe, PROBE, TRY_MS);
        return;
      } catch (error) {
        if (performance.now() >= giveUpAt) throw storesNothing('a probe', error);
        // A missing stream is not deleted: another gateway may have made it meanwhile.
        const isMissing = error instanceof NoAnswer && error.isNoResponders();
        await this.#makeProbeStream({ deleteFirst: !isMissing && !isDeleted });
        isDeleted ||= !isMissing;
        await sleep(PAUSE_MS);
      }
    }
  }

  async #writeToSilent(stream: string): Promise<void> {
    const subject = subjects.probeOf(stream, `PROBE${nuid.next()}`);
    const sequence = await this.#store(subject, '', WITHIN_MS).catch((error) => {
      throw storesNothing(`messages of the stream ${stream}`, error);
    });
    this.#silent.delete(stream);
    // The bucket of rollouts does not allow deletion, and keeps only the newest messages. Workers may not delete dead
    // letters. In other streams a probe does no harm.
    if (sequence !== undefined && stream !== streams.rollouts && stream !== streams.dead)
      await this.#options.apis
        .of(stream)
        .streams.deleteMessage(stream, sequence, false)
        .catch(() => {});
  }

  /** @returns the sequence; undefined if the stream answered that it is full. @throws {Error} if it did not answer. */
  async #store(subject: string, payload: string, timeout: number): Promise<number | undefined> {
    const reply = await this.#options.connection.request(subject, payload, { timeout });
    const outcome = outcomeOf(reply);
    if (outcome.type === 'unanswered') throw new Error(outcome.reason);
    return outcome.type === 'stored' ? reply.json<{ seq: number }>().seq : undefined;
  }

  async #makeProbeStream({ deleteFirst }: { deleteFirst: boolean }): Promise<void> {
    const { apis, limits, rights } = this.#options;
    if (!rights.mayMakeStreams) return;
    const manager = apis.of(streams.probe);
    try {
      if (deleteFirst) await unless(NO_SUCH_STREAM, manager.streams.delete(streams.probe));
      await unless(NAME_IN_USE, manager.streams.add(probeStream(limits)));
    } catch (error) {
      throw storesNothing('a new stream', error);
    }
  }
}

/** Other processes make and delete the stream of probes, too. */
async function unless(code: number, asking: Promise<unknown>): Promise<void> {
  try {
    await asking;
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === code)) throw error;
  }
}

function storesNothing(what: string, cause: unknown): RequestError {
  return refusedForNow(
    RequestErrorCode.ResultStoreFull,
    `The broker does not store ${what} (${messageOf(cause)}). Its disk is full, or was full. Make room, then restart nats-server.`,
    { cause },
  );
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const timeUp = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeUp.reject(storesNothing('a probe', `no answer within ${limitMs} ms`)),
    limitMs,
  );
  try {
    await Promise.race([work, timeUp.promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
