/** Moves of one queue in every order of their steps: each task stays in the queue until it has its end. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressIn, encodeBundle, type QueuedBundle } from '../../../src/contract/messages/bundle.ts';
import { parseJobSubject, subjects } from '../../../src/contract/subjects.ts';
import { QueueMove, type QueueMoveOptions } from '../../../src/rollout/queueMove.ts';
import { tripBundle } from '../../support/jobs.ts';

const MODEL = 'trip-duration';
const VERSIONS = ['1', '2', '3'];
const BUCKETS = 4;
const NOW = 1_800_000_000_000;

type MoveBroker = QueueMoveOptions['broker'];

interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
  readonly storedAt: number;
  readonly bundle: QueuedBundle;
}

/** The queue of a model, as the broker would keep it. */
class ModelQueue {
  messages: readonly Message[] = [];
  #last = 0;

  store(bundle: QueuedBundle, after?: number): { readonly type: 'stored' | 'changed'; readonly reason: '' } {
    const subject = subjects.job(bundle);
    const newest = this.messages.findLast((message) => message.subject === subject)?.sequence ?? 0;
    if (after !== undefined && newest !== after) return { type: 'changed', reason: '' };
    const data = Buffer.from(encodeBundle(bundle));
    this.messages = [...this.messages, { subject, data, sequence: ++this.#last, storedAt: NOW, bundle }];
    return { type: 'stored', reason: '' };
  }

  delete(sequence: number): void {
    this.messages = this.messages.filter((message) => message.sequence !== sequence);
  }

  /** The tasks in the queue: their ids, and the version of each message that has one. */
  tasks(): readonly (readonly [id: string, version: string])[] {
    return this.messages.flatMap(({ bundle }) =>
      bundle.rows.map((_, i) => [addressIn(bundle, i).id, bundle.version] as const),
    );
  }
}

/** The way of a gateway to the queue. `step` waits for its turn, and throws in a gateway that is dead. */
function through(queue: ModelQueue, step: () => Promise<void>): MoveBroker {
  const during = async <T>(act: () => T): Promise<T> => {
    await step();
    const result = act();
    await step();
    return result;
  };
  return {
    queuedVersions: () => during(() => VERSIONS),
    nextJobOf: (_model, version, from) =>
      during(() =>
        queue.messages.find(
          ({ subject, sequence }) => sequence >= from && parseJobSubject(subject).version === version,
        ),
      ),
    queuedAt: (bundle) =>
      during(() => queue.messages.filter(({ subject }) => subject === subjects.job(bundle))),
    handedOutUntil: () => during(() => 0),
    storeBundle: (bundle, { after } = {}) => during(() => queue.store(bundle, after)),
    deleteJob: (_model, sequence) => during(() => queue.delete(sequence)),
    now: () => NOW,
    notices: { announceMoved: () => {} } as unknown as MoveBroker['notices'],
  };
}

/** The version of each bucket. */
const ROLLOUT = fc.array(fc.constantFrom(...VERSIONS), { minLength: BUCKETS, maxLength: BUCKETS });
const BUNDLE = fc.record({
  buckets: fc.array(fc.nat(BUCKETS - 1), { minLength: 1, maxLength: 5 }),
  version: fc.constantFrom(...VERSIONS),
});
const MOVER = fc.record({
  rollouts: fc.array(ROLLOUT, { minLength: 1, maxLength: 2 }),
  /** The step before which it dies. */
  diesAt: fc.oneof(fc.nat(60), fc.constant(Number.POSITIVE_INFINITY)),
});

function moveBy(broker: MoveBroker, rollout: readonly string[]): Promise<void> {
  const versionAt = (bucket: number) => rollout[bucket] ?? '';
  return new QueueMove({ broker, model: MODEL, stays: new Set(), versionAt }).run();
}

/** A gateway that moves the queue after each rollout, one after the other, until it dies. */
async function move(
  queue: ModelQueue,
  { rollouts, diesAt }: { readonly rollouts: readonly (readonly string[])[]; readonly diesAt: number },
  turn: () => Promise<void>,
): Promise<void> {
  let steps = 0;
  const broker = through(queue, async () => {
    await turn();
    if (steps++ >= diesAt) throw new Error('the gateway is dead');
  });
  for (const rollout of rollouts) await moveBy(broker, rollout);
}

test('no task is lost while gateways move the queue to different versions and die at any step, and the last move completes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(BUNDLE, { minLength: 1, maxLength: 4 }),
      fc.array(MOVER, { minLength: 1, maxLength: 4 }),
      ROLLOUT,
      async (scheduler, bundles, movers, last) => {
        const queue = new ModelQueue();
        const bucketOf = new Map<string, number>();
        for (const { buckets, version } of bundles) {
          const bundle = { ...tripBundle({ now: () => NOW }, buckets), version };
          for (const [i, bucket] of buckets.entries()) bucketOf.set(addressIn(bundle, i).id, bucket);
          queue.store(bundle);
        }
        const turn = async () => {
          await scheduler.schedule(Promise.resolve());
          const queued = new Set(queue.tasks().map(([id]) => id));
          if (queued.size < bucketOf.size) throw new Error('a task is lost');
        };
        const moves = Promise.allSettled(movers.map((mover) => move(queue, mover, turn)));
        for (const { reason } of (await scheduler.waitFor(moves)).filter((end) => end.status === 'rejected'))
          expect(String(reason)).toContain('the gateway is dead');

        await moveBy(
          through(queue, async () => {}),
          last,
        );
        for (const [id, version] of queue.tasks()) expect(version).toBe(last[bucketOf.get(id) ?? -1]);
      },
    ),
    { numRuns: 150 },
  );
});
