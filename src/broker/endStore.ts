/**
 * The ends of tasks. All ends of a bundle are one message, which grows: a writer reads the ends so far, adds its own, and
 * stores them if no other writer was first (compare and set, by the sequence of the message). A row that has an end
 * keeps it, so each task ends once, whoever writes, and in whatever order.
 *
 * The end of a task of 0.2 is a message of its own, written once.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import {
  commonOf,
  decodeEnds,
  type Ends,
  type EndsCommon,
  type EndsPart,
  encodeEnds,
  endedRows,
  endOf,
  partOfTask,
  partWithout,
  type StoredParts,
  tasksIn,
} from '../contract/messages/ends.ts';
import { decodeResult, encodeResult } from '../contract/messages/result.ts';
import type { Owner } from '../contract/owner.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { FinishedTask } from '../contract/task.ts';
import { type BundleAddress, parseTaskId, type TaskAddress } from '../contract/taskId.ts';
import type { Listening, Notices } from './notices.ts';
import type { Publisher } from './publisher.ts';
import type { NotStored, PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

/** The stream of the ends of tasks of 0.2, which the broker may not have. */
export interface FormerResults {
  isThere(): Promise<boolean>;
  /** Makes room for one more end: makes the stream, or lets it grow. */
  makeRoom(): Promise<void>;
}

export interface EndStoreOptions {
  readonly publisher: Publisher;
  readonly stored: StoredMessages;
  readonly notices: Notices;
  readonly former: FormerResults;
}

/** `stored`: each row of the part has an end now, this one or an earlier one. */
export type EndsOutcome = { readonly type: 'stored'; readonly ends: StoredParts } | NotStored;

/** Parts of one bundle that wait for the write under way, to be stored together. */
interface Waiting {
  readonly parts: EndsPart[];
  readonly written: PromiseWithResolvers<EndsOutcome>;
}

interface StoredEnds {
  readonly ends: StoredParts;
  /** 0 if nothing is stored. */
  readonly sequence: number;
  /** Whether they have the model and the second of the address. A client may have made up another address. */
  readonly isOfAddress: boolean;
}

/** How often a write begins anew because another writer was first. In a cluster, a write under way refuses others. */
const WRITE_TRIES = 20;
const NONE: StoredEnds = { ends: { owner: '', parts: [] }, sequence: 0, isOfAddress: true };

export class EndStore {
  readonly #options: EndStoreOptions;
  /** By bundle that is being written. */
  readonly #writing = new Map<string, Waiting | undefined>();

  constructor(options: EndStoreOptions) {
    this.#options = options;
  }

  /** Gives rows of a bundle their end, unless they have one. Writes of this process for one bundle do not compete. */
  async store(address: BundleAddress, common: EndsCommon, part: EndsPart): Promise<EndsOutcome> {
    const { bundle } = address;
    const waiting = this.#writing.get(bundle);
    if (waiting !== undefined || this.#writing.has(bundle)) {
      const next = waiting ?? { parts: [], written: Promise.withResolvers<EndsOutcome>() };
      next.parts.push(part);
      this.#writing.set(bundle, next);
      return next.written.promise;
    }
    this.#writing.set(bundle, undefined);
    try {
      return await this.#write(address, common, [part]);
    } finally {
      void this.#writeNext(address, common);
    }
  }

  /** Gives a task its end, unless it has one. Otherwise as `store`. */
  async storeTask(task: FinishedTask, address: TaskAddress): Promise<FinishedTask | NotStored> {
    const outcome = await this.store(address, commonOf(task), partOfTask(task, address));
    if (outcome.type !== 'stored') return outcome;
    return endOf(outcome.ends, address) ?? task;
  }

  // Each of the following throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer. Without an owner, the
  // ends of a bundle of any owner are found: the broker looks for them under each owner.

  /** The ends of a bundle so far; empty if there are none. */
  async read(address: BundleAddress, owner?: Owner): Promise<StoredParts> {
    const { ends, isOfAddress } = await this.#readStored(address, owner);
    return isOfAddress ? ends : NONE.ends;
  }

  /** The end of a task; undefined if it has none. */
  async readTask(address: TaskAddress, owner?: Owner): Promise<FinishedTask | undefined> {
    return endOf(await this.read(address, owner), address);
  }

  /** Asks any replica. That is fast. A hit is final (an end that is written stays), but a miss proves nothing. */
  async peekTask(address: TaskAddress, owner?: Owner): Promise<FinishedTask | undefined> {
    if (address.secret === undefined) return this.readTask(address);
    const query = { last_by_subj: subjects.ends(address, owner) };
    const message = await this.#options.stored.ask((manager) =>
      manager.direct.getMessage(streams.ends, query),
    );
    const ends = message && decodeEnds(message.data, message.subject);
    return ends && isOf(address, ends) ? endOf(ends, address) : undefined;
  }

  /** Listens to the ends of all tasks that one gateway accepted, once they are stored. At most once each. */
  listen(home: string, listener: (tasks: readonly FinishedTask[]) => void): Listening {
    return this.#options.notices.listen(subjects.endedOf(home), ({ data, subject }) =>
      listener(tasksIn(decodeEnds(data, subject))),
    );
  }

  /** Listens to the end of one task. Resolves once the broker listens. */
  listenTask(address: TaskAddress, listener: (task: FinishedTask) => void): Promise<Listening> {
    const { notices } = this.#options;
    if (address.secret === undefined)
      return notices.listenNow(subjects.final(address), ({ data }) =>
        listener(decodeResult(data, address.id)),
      );
    return notices.listenNow(subjects.ended(address), ({ data, subject }) => {
      const task = endOf(decodeEnds(data, subject), address);
      if (task !== undefined) listener(task);
    });
  }

  async #writeNext(address: BundleAddress, common: EndsCommon): Promise<void> {
    const { bundle } = address;
    const waiting = this.#writing.get(bundle);
    if (waiting === undefined) {
      this.#writing.delete(bundle);
      return;
    }
    this.#writing.set(bundle, undefined);
    try {
      waiting.written.resolve(await this.#write(address, common, waiting.parts));
    } catch (error) {
      waiting.written.reject(error);
    } finally {
      void this.#writeNext(address, common);
    }
  }

  /** The first write assumes that the bundle has no ends yet, which is mostly true. */
  async #write(address: BundleAddress, common: EndsCommon, parts: readonly EndsPart[]): Promise<EndsOutcome> {
    let known = NONE;
    for (let tries = 0; tries < WRITE_TRIES; tries++) {
      if (tries > 0) known = await this.#readStored(address, common.owner);
      // Those of another model or second are not ours, although they are there: ours take their place.
      if (!known.isOfAddress) known = { ...NONE, sequence: known.sequence };
      const missing = without(parts, endedRows(known.ends));
      if (missing.length === 0) return { type: 'stored', ends: known.ends };
      const ends = { ...common, parts: [...known.ends.parts, ...missing] };
      const outcome = await this.#publish(address, ends, known.sequence);
      if (outcome.type === 'stored') return { type: 'stored', ends };
      // Another writer was first, or an earlier try of ours that was not answered.
      if (outcome.type !== 'alreadyThere' && outcome.type !== 'changed') return outcome;
    }
    return { type: 'unanswered', reason: `other writers were first ${WRITE_TRIES} times` };
  }

  async #publish(address: BundleAddress, ends: StoredParts, after: number): Promise<PublishOutcome> {
    const { publisher, former: formerResults } = this.#options;
    const former = formerTask(address);
    if (former === undefined) {
      const subject = subjects.ends(address, ends.owner);
      return publisher.publish(subject, encodeEnds({ address, ...ends }), { after });
    }
    const task = endOf(ends, former);
    if (task === undefined) throw new Error('the ends of a bundle of 0.2 have that of its task');
    const outcome = await publisher.publish(subjects.result(former), encodeResult(task));
    if (outcome.type !== 'unanswered' && outcome.type !== 'full') return outcome;
    // A cluster may answer "full" where the subject is taken.
    if ((await this.#readStored(address, ends.owner)).sequence > after)
      return { ...outcome, type: 'alreadyThere' };
    await formerResults.makeRoom();
    return outcome;
  }

  async #readStored(address: BundleAddress, owner: Owner | undefined): Promise<StoredEnds> {
    const { stored, former: formerResults } = this.#options;
    const former = formerTask(address);
    if (former !== undefined && !(await formerResults.isThere())) return NONE;
    const [stream, subject] =
      former === undefined
        ? [streams.ends, subjects.ends(address, owner)]
        : [streams.results, subjects.result(former)];
    const decode = ({ data, subject, seq }: StoredMsg): StoredEnds => {
      if (former === undefined) {
        const ends = decodeEnds(data, subject);
        return { ends, sequence: seq, isOfAddress: isOf(address, ends) };
      }
      const task = decodeResult(data, former.id);
      const ends = { ...commonOf(task), parts: [partOfTask(task, former)] };
      return { ends, sequence: seq, isOfAddress: true };
    };
    return (await stored.lastReadable(stream, subject, decode)) ?? NONE;
  }
}

/** Whether ends are those of the bundle with this address. Its name alone is a part of each id of its tasks. */
function isOf({ model, deadlineSecond }: BundleAddress, { address }: Ends): boolean {
  return address.model === model && address.deadlineSecond === deadlineSecond;
}

/** The task of a bundle of 0.2. */
function formerTask({ bundle }: BundleAddress): TaskAddress | undefined {
  return parseTaskId(bundle);
}

/** The rows of parts that are not in a set, each once. */
function without(parts: readonly EndsPart[], ended: ReadonlySet<number>): readonly EndsPart[] {
  const done = new Set(ended);
  return parts.flatMap((part) => {
    const missing = partWithout(part, done);
    for (const row of part.rows) done.add(row);
    return missing ?? [];
  });
}
