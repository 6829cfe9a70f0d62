/** How a worker asks for jobs: its credit in rows, its two modes, and lost requests. The broker is played. */
import { headers, type Msg, type MsgCallback, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Acks } from '../../../src/broker/acks.ts';
import { JobConsumer } from '../../../src/broker/jobConsumer.ts';
import { Leases } from '../../../src/broker/leases.ts';
import { SILENT } from '../../support/models.ts';

const CREDIT = 100;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A consumer, and the broker's side of it. The rows of a job are the length of its message. */
function openConsumer() {
  let hear: MsgCallback<Msg> = () => {};
  const broker = {
    /** The pull requests so far. */
    requests: [] as { batch: number; expires: number; idle_heartbeat?: number }[],
    /** What the consumer said of each job, in order: renewals, verdicts. */
    said: [] as string[],
    sendJob(rows: number): void {
      const job = broker.said.length;
      hear(null, {
        subject: `jobs.${job}`,
        data: new Uint8Array(rows),
        reply: '$JS.ACK.S.C.1.1.1.1.0',
        respond: (payload: string) => {
          const [verdict = '', request] = payload.split(' ');
          broker.said.push(verdict);
          if (verdict === '+NXT' && request !== undefined) broker.requests.push(JSON.parse(request));
          return true;
        },
      } as unknown as Msg);
    },
    /** @param lacking the jobs that the ended request still lacked. */
    endRequest(code: number, lacking: number): void {
      const told = headers(code, 'ended');
      told.set('Nats-Pending-Messages', String(lacking));
      hear(null, { subject: 'status', data: new Uint8Array(), headers: told } as unknown as Msg);
    },
    beat(): void {
      hear(null, {
        subject: 'status',
        data: new Uint8Array(),
        headers: headers(100, 'Idle'),
      } as unknown as Msg);
    },
    lastRequest: () => broker.requests.at(-1),
  };
  const leases = new Leases({ isConnected: () => true });
  const acks = new Acks();
  const consumer = new JobConsumer({
    inboxPrefix: '_INBOX_worker',
    connection: {
      subscribe: (_inbox: string, { callback }: { callback: MsgCallback<Msg> }) => {
        hear = callback;
        return { drain: async () => {} };
      },
      publish: (_subject: string, request: string) => void broker.requests.push(JSON.parse(request)),
      isClosed: () => false,
    } as unknown as NatsConnection,
    stream: 'S',
    consumer: 'C',
    maxHeld: CREDIT,
    rowsIn: (data) => data.length,
    leases,
    acks,
    log: SILENT,
    onRefused: () => {},
    onClosed: () => {},
  });
  return { broker, consumer, leases, acks };
}

/** Until the short request of the start has ended, so that only a long one is open. */
function openQuietConsumer() {
  const opened = openConsumer();
  vi.advanceTimersByTime(2_000);
  opened.broker.beat();
  vi.advanceTimersByTime(2_900);
  opened.broker.endRequest(408, CREDIT);
  return opened;
}

describe('the credit of a consumer', () => {
  test('is requested as messages of the mean size so far', () => {
    const { broker, consumer } = openConsumer();
    expect(broker.lastRequest()).toMatchObject({ batch: CREDIT });
    broker.sendJob(10);
    broker.endRequest(408, CREDIT - 1);
    expect(broker.lastRequest()).toMatchObject({ batch: 9 });
    for (let i = 0; i < 9; i++) broker.sendJob(10);
    expect(broker.requests).toHaveLength(2);
    for (const delivery of consumer.take(CREDIT)) delivery.ack();
    // The first ack finds no open request. The next request waits until half of the credit is free.
    expect(broker.requests.slice(2).map(({ batch }) => batch)).toEqual([1, 5]);
  });

  test('is one message if not even one of the mean size fits', () => {
    const { broker, consumer } = openConsumer();
    broker.sendJob(60);
    broker.endRequest(408, CREDIT - 1);
    expect(broker.lastRequest()).toMatchObject({ batch: 1 });
    for (const delivery of consumer.take(CREDIT)) delivery.ack();
  });

  test('is exceeded at most twice: what is beyond goes back at once, the newest first', () => {
    const { broker, consumer } = openConsumer();
    for (const rows of [90, 90, 30, 20]) broker.sendJob(rows);
    expect(broker.said).toEqual(['-NAK']);
    expect(consumer.take(CREDIT).map(({ data }) => data.length)).toEqual([90, 90, 20]);
  });

  test('may be exceeded by a message that is the only one', () => {
    const { broker, consumer } = openConsumer();
    broker.sendJob(5 * CREDIT);
    expect(broker.said).toEqual([]);
    expect(consumer.take(CREDIT)).toHaveLength(1);
  });
});

describe('a consumer without jobs', () => {
  test('asks for one job, for a minute and without heartbeats, and for all its credit once that job comes', () => {
    const { broker } = openQuietConsumer();
    expect(broker.lastRequest()).toEqual({ batch: 1, expires: 60e9 });
    broker.sendJob(1);
    expect(broker.lastRequest()).toEqual({ batch: CREDIT - 1, expires: 5e9, idle_heartbeat: 1e9 });
  });

  test('asks again if it is nudged, and only once', () => {
    const { broker, consumer } = openQuietConsumer();
    const asked = broker.requests.length;
    consumer.nudge();
    consumer.nudge();
    expect(broker.requests.slice(asked)).toMatchObject([{ batch: CREDIT, idle_heartbeat: 1e9 }]);
  });

  test('asks again if the long request is lost', async () => {
    const { broker } = openQuietConsumer();
    const asked = broker.requests.length;
    vi.advanceTimersByTime(64_000);
    expect(broker.requests).toHaveLength(asked);
    vi.advanceTimersByTime(1_000);
    await new Promise(setImmediate);
    expect(broker.requests.slice(asked)).toMatchObject([{ batch: CREDIT }]);
  });
});

test('a short request counts as lost after three seconds without a heartbeat', async () => {
  const { broker } = openConsumer();
  vi.advanceTimersByTime(2_500);
  broker.beat();
  vi.advanceTimersByTime(2_500);
  await new Promise(setImmediate);
  expect(broker.requests).toHaveLength(1);
  vi.advanceTimersByTime(500);
  await new Promise(setImmediate);
  expect(broker.requests).toHaveLength(2);
});

test('a lease is renewed while its job is held, and no timer is left after its end', () => {
  const { broker, consumer } = openConsumer();
  broker.sendJob(1);
  vi.advanceTimersByTime(1_500);
  expect(broker.said).toEqual(['+WPI', '+WPI', '+WPI']);
  for (const delivery of consumer.take(1)) delivery.ack();
  vi.advanceTimersByTime(2_000);
  expect(broker.said.slice(3)).toEqual(['+ACK']);
});
