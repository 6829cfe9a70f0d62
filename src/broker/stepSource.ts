/**
 * Takes steps for a trainer, one at a time. A trainer asks for a step only when it is free: a step that it held while
 * another one runs for hours would be kept from all other trainers. So nothing is pulled ahead.
 */
import type { StepPlace } from '../models/stepPlaces.ts';
import type { Delivery } from './heldDelivery.ts';
import type { JobConsumer } from './jobConsumer.ts';

export interface StepSourceOptions {
  readonly places: readonly StepPlace[];
  /** Opens a consumer that holds one job at most. */
  readonly open: (place: StepPlace) => JobConsumer;
}

export class StepSource implements AsyncDisposable {
  readonly #options: StepSourceOptions;
  readonly #asking = new Set<JobConsumer>();
  #isStopped = false;

  constructor(options: StepSourceOptions) {
    this.#options = options;
  }

  /**
   * Waits for the next step. It may be called several times at once: each call gets another step. Its lease is kept until
   * the delivery is acked, handed back, terminated or forgotten.
   *
   * @returns undefined once the source is stopped.
   */
  async next(): Promise<TakenStep | undefined> {
    if (this.#isStopped) return undefined;
    const { places, open } = this.#options;
    const consumers = places.map(open);
    for (const consumer of consumers) this.#asking.add(consumer);
    const arrivals = consumers.map(async (consumer) => ((await consumer.arrival()) ? consumer : undefined));
    const first = await Promise.race(arrivals);
    const [delivery] = first?.take(1) ?? [];
    for (const consumer of consumers) {
      this.#asking.delete(consumer);
      // Steps that arrived at the others meanwhile are handed back.
      if (consumer === first && delivery !== undefined) await consumer.stop();
      else await consumer[Symbol.asyncDispose]();
    }
    return first && delivery && new TakenStep(delivery, first);
  }

  /** Ends each call of `next`. Steps that were taken keep their lease. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#asking].map((consumer) => consumer.stop()));
  }
}

/** A step with the consumer that keeps its lease. */
export class TakenStep implements Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly deliveryCount: number;
  readonly #delivery: Delivery;
  readonly #consumer: JobConsumer;

  constructor(delivery: Delivery, consumer: JobConsumer) {
    this.subject = delivery.subject;
    this.data = delivery.data;
    this.deliveryCount = delivery.deliveryCount;
    this.#delivery = delivery;
    this.#consumer = consumer;
  }

  ack(): void {
    this.#delivery.ack();
    this.#close();
  }

  handBack(delayMs: number): void {
    this.#delivery.handBack(delayMs);
    this.#close();
  }

  terminate(reason: string): void {
    this.#delivery.terminate(reason);
    this.#close();
  }

  /** Says nothing about it any more: it is in the hands of another trainer. A verdict would count for that one, too. */
  forget(): void {
    this.#close();
  }

  #close(): void {
    void this.#consumer[Symbol.asyncDispose]();
  }
}
