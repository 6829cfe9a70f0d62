/** What the processes of BullMQ share: the queue, the connection, and the part of its API that they use. */
import type { Trip } from '../../support/client.ts';

export const BULLMQ_QUEUE = 'trips';

interface RedisConnection {
  readonly host: string;
  readonly port: number;
}

interface AddedJob {
  readonly id: string;
}

interface Events {
  on(event: string, listener: (args: Readonly<Record<string, unknown>>) => void): void;
  waitUntilReady(): Promise<unknown>;
}

export interface BullMQ {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: Trip): Promise<AddedJob>;
    addBulk(jobs: readonly { readonly name: string; readonly data: Trip }[]): Promise<readonly AddedJob[]>;
  };
  readonly QueueEvents: new (name: string, options: object) => Events;
  readonly Worker: new (
    name: string,
    handler: (job: { readonly data: Trip }) => Promise<number>,
    options: object,
  ) => { waitUntilReady(): Promise<unknown> };
}

export function redisConnection(): RedisConnection {
  return { host: '127.0.0.1', port: Number(process.env.PEER_PORT) };
}
