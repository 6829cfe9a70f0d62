/** Jobs of a small model for the unit tests of workers, and a broker that keeps what it is given. */
import type { Broker, Delivery, JobSource } from '../../src/broker/broker.ts';
import { encodeBundle, type QueuedBundle } from '../../src/contract/messages/bundle.ts';
import type { EndsPart } from '../../src/contract/messages/ends.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { subjects } from '../../src/contract/subjects.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import type { WorkerOptions } from '../../workers/assignment.ts';
import { WorkerEvents } from '../../workers/workerEvents.ts';
import { addressOf, bundleOfJobs, jobFor, together } from './jobs.ts';
import { SILENT } from './models.ts';

export const NOW = 1_795_340_691_000;

const field = { unit: 'parts', description: '', type: 'float32' } as const;
export const manifest = {
  name: 'price',
  inputs: [{ ...field, name: 'x', tensor: 'x', minimum: 0, maximum: 100 }],
  outputs: [{ ...field, name: 'y', tensor: 'y' }],
  axes: {},
  masks: [],
  batching: {},
  coalesce: false,
} as unknown as Manifest;

/** A bundle with a row for each of the values. */
export function bundleOf(values: readonly number[]): QueuedBundle {
  return bundleOfJobs(jobsOf(values));
}

export function jobsOf(values: readonly number[]): readonly Job[] {
  const broker = { now: () => NOW };
  return together(values.map((x) => jobFor(broker, { model: 'price', input: { x }, timeoutMs: 1_000 })));
}

/** A delivery that tells how it ended. */
export interface MadeDelivery extends Delivery {
  readonly verdicts: string[];
}

export function deliveryOf(bundle: QueuedBundle, deliveryCount = 1): MadeDelivery {
  const verdicts: string[] = [];
  return {
    subject: subjects.job(bundle),
    data: Buffer.from(encodeBundle(bundle)),
    deliveryCount,
    verdicts,
    ack: () => void verdicts.push('ack'),
    handBack: () => void verdicts.push('handed back'),
    terminate: () => void verdicts.push('terminated'),
  };
}

/** A source that is fed by hand. */
export class HandFed implements JobSource {
  readonly #waiting: Delivery[] = [];
  #waiter = Promise.withResolvers<void>();
  isStopping = false;

  feed(...deliveries: readonly Delivery[]): void {
    this.#waiting.push(...deliveries);
    this.#wake();
  }

  end(): void {
    this.isStopping = true;
    this.#wake();
  }

  async arrival(): Promise<boolean> {
    while (this.#waiting.length === 0 && !this.isStopping) await this.#waiter.promise;
    return this.#waiting.length > 0;
  }

  take(limit: number): Delivery[] {
    return this.#waiting.splice(0, limit);
  }

  #wake(): void {
    this.#waiter.resolve();
    this.#waiter = Promise.withResolvers();
  }
}

/** What a worker gives a broker, in order. Writes wait until they are let through. */
export class MadeBroker {
  readonly log: string[] = [];
  readonly parts: EndsPart[] = [];
  time = NOW;
  /** Read back as the ends of a bundle. */
  ended: readonly EndsPart[] = [];
  #gate = Promise.resolve();

  get options(): WorkerOptions {
    return {
      ...{
        broker: this.#broker,
        manifest,
        version: '1',
        events: new WorkerEvents(),
        workerId: 'worker',
        log: SILENT,
        signal: new AbortController().signal,
      },
      onFinished: (tasks: number) => void this.log.push(`finished ${tasks}`),
    } as unknown as WorkerOptions;
  }

  /** Holds up writes of ends until it is disposed. */
  holdWrites(): Disposable {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return { [Symbol.dispose]: resolve };
  }

  get #broker(): Broker {
    return {
      now: () => this.time,
      ends: {
        store: async (_address: unknown, owner: string, part: EndsPart) => {
          await this.#gate;
          this.log.push(`end ${part.state} of ${part.rows}`);
          this.parts.push(part);
          return { type: 'stored', ends: { owner, parts: [...this.parts] } };
        },
        read: async () => ({ owner: '', parts: this.ended }),
      },
      deadLetters: {
        store: async ({ taskId, code }: { taskId: string; code: string }) => {
          this.log.push(`dead ${code} of ${addressOf({ taskId }).row}`);
          return { type: 'stored' };
        },
      },
      readSuspectMark: async () => undefined,
      whenConnected: async () => {},
    } as unknown as Broker;
  }
}
