/**
 * One model version in a worker: its session and its lanes.
 *
 *  loading   its session is loaded and predicts its golden rows.
 *  refused   it could not be loaded, or not again after a crash: it waits until its folder changes.
 *  serving   it is announced, and takes jobs.
 *  draining  its folder is gone: it is announced as leaving, and takes jobs until none is left. Gateways hear of it up
 *            to two seconds later, and what they have accepted is finished. A folder that comes back is served again.
 *  closed    its session's process has ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { ModelVersion } from '../src/models/models.ts';
import type { Config } from '../src/process/config.ts';
import type { Logger } from '../src/process/log.ts';
import type { DeviceMemory } from './deviceMemory.ts';
import type { Hosts } from './hosts.ts';
import type { WorkerBlobs } from './inputBlobs.ts';
import { RecentCount } from './recentCount.ts';
import type { RunNotices } from './runNotices.ts';
import { Session, SessionLost } from './session.ts';
import { OutOfBudget, type SessionMemory } from './sessionMemory.ts';
import type { Flow, Slots } from './slots.ts';
import { VersionLanes } from './versionLanes.ts';
import { VersionQueue } from './versionQueue.ts';
import { VersionSession } from './versionSession.ts';
import type { WorkerEvents } from './workerEvents.ts';

export interface ServedVersionOptions {
  readonly manifest: Manifest;
  readonly broker: Broker;
  readonly blobs: WorkerBlobs;
  readonly memory: SessionMemory;
  readonly hosts: Hosts;
  readonly slots: Slots;
  /** Of the model. */
  readonly flow: Flow;
  /** Of shadows, for all models. */
  readonly shadowSlots: Slots;
  readonly executionProviders: Config['executionProviders'];
  readonly cudaVisibleDevices: Config['cudaVisibleDevices'];
  readonly device: DeviceMemory | undefined;
  readonly threads: number;
  /** Left out of the reasons that clients see. */
  readonly modelsDir: string;
  readonly workerId: string;
  readonly runNotices: RunNotices;
  readonly events: WorkerEvents;
  readonly keepsHistory: boolean;
  readonly log: Logger;
  /** Called when its state has changed. */
  readonly onChange: () => void;
  /** Aborted when the worker has to leave, even if the store still refuses results. */
  readonly signal: AbortSignal;
}

export type ServedVersionState =
  | { readonly type: 'loading' | 'draining' | 'closed' }
  | { readonly type: 'serving'; readonly session: Session }
  | { readonly type: 'refused'; readonly cause: Error };

/** A version whose folder is gone serves at least so long: until every gateway has noticed. */
const DRAIN_LEAST_MS = 10_000;
const DRAIN_CHECK_MS = 1_000;
/** A session that could not be started again is tried after this time: memory or processes may be free again. */
const LOST_RETRY_MS = 30_000;

export class ServedVersion {
  readonly version: string;
  /** Tasks ended. */
  readonly finished = new RecentCount();
  /** Resolves once it is served or refused for the first time, or closed. */
  readonly judged: Promise<void>;
  /** Resolves when it is closed. Rejects with an error that was not foreseen. */
  readonly closed: Promise<void>;
  readonly #options: ServedVersionOptions;
  readonly #log: Logger;
  /** As the catalog has it; undefined when its folder is gone. */
  #wanted: ModelVersion | undefined;
  #state: ServedVersionState = { type: 'loading' };
  readonly #judgement = Promise.withResolvers<void>();
  #change = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #queue: VersionQueue;
  #session: VersionSession | undefined;
  #lanes: VersionLanes | undefined;
  /** The error that ended the lanes or the session. */
  #failure: unknown;

  constructor(version: ModelVersion, options: ServedVersionOptions) {
    this.version = version.version;
    this.#wanted = version;
    this.#options = options;
    this.#log = options.log.child({ model: options.manifest.name, version: version.version });
    this.#queue = new VersionQueue({
      broker: options.broker,
      model: options.manifest.name,
      version: version.version,
      log: this.#log,
    });
    this.judged = this.#judgement.promise;
    this.closed = this.#live();
  }

  get state(): ServedVersionState {
    return this.#state;
  }

  /** @param version what the catalog has now; undefined if the folder is gone. */
  follow(version: ModelVersion | undefined): void {
    this.#wanted = version;
    this.#wake();
  }

  /** Looks again at a version that did not fit into the budget of memory: there is more room now. */
  retryOutOfBudget(): void {
    const outOfBudget = this.#state.type === 'refused' && this.#state.cause instanceof OutOfBudget;
    if (outOfBudget && this.#wanted !== undefined) this.follow({ ...this.#wanted });
  }

  /**
   * Takes no more jobs, hands back jobs that do not run, gives up a session that is being loaded, and resolves once all
   * runs are settled.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#lanes?.stop();
    await this.#session?.[Symbol.asyncDispose]();
  }

  async #live(): Promise<void> {
    /** The digest of what was served once and then lost. The same bytes may serve again when memory is free again. */
    let lost: string | undefined;
    for (;;) {
      const version = this.#wanted;
      if (version === undefined || this.#stopping) break;
      const refusal = await this.#serve(version);
      if (refusal === undefined) continue;
      this.#become({ type: 'refused', cause: refusal });
      const changed = this.#changedFrom(version);
      if (refusal instanceof SessionLost) lost = version.sha256;
      await (lost === version.sha256 ? Promise.race([changed, sleep(LOST_RETRY_MS)]) : changed);
    }
    this.#become({ type: 'closed' });
  }

  /** Serves a version until its folder is gone and its queue empty. @returns why it does not, if so. */
  async #serve(version: ModelVersion): Promise<Error | undefined> {
    this.#become({ type: 'loading' });
    const session = await this.#open(version);
    if (session instanceof Error) return session;
    await this.#queue.ensure(this.#stop.signal);
    if (this.#stopping) {
      await session[Symbol.asyncDispose]();
      return undefined;
    }
    const current = new VersionSession({ session, onLost: (lost) => this.#fail(lost) });
    this.#session = current;
    const onFinished = (tasks: number) => this.finished.add(tasks);
    const lanes = new VersionLanes({ ...this.#options, version: this.version, session: current, onFinished });
    this.#lanes = lanes;
    lanes.ended().catch((error) => this.#fail(error));
    this.#become({ type: 'serving', session });
    this.#log.info('version offered');

    await this.#followFolder(version, current);
    await lanes[Symbol.asyncDispose]();
    await current[Symbol.asyncDispose]();
    this.#session = undefined;
    return this.#takeFailure();
  }

  /** @returns why the version is given up, if it is. */
  #takeFailure(): SessionLost | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) {
      this.#log.info('version closed');
      return undefined;
    }
    if (!(failure instanceof SessionLost)) throw failure;
    this.#log.error({ reason: failure.message }, 'version given up');
    return failure;
  }

  /** @returns the session, or why there is none. */
  async #open(version: ModelVersion): Promise<Session | Error> {
    const { manifest, memory, hosts, events, device, threads, log } = this.#options;
    const { executionProviders, cudaVisibleDevices } = this.#options;
    try {
      const { signal } = this.#stop;
      return await Session.open({
        manifest,
        version,
        memory,
        hosts,
        events,
        executionProviders,
        cudaVisibleDevices,
        device,
        threads,
        log,
        signal,
      });
    } catch (error) {
      const cause =
        error instanceof Error && error.cause instanceof Error ? error.cause : new Error(messageOf(error));
      if (!this.#stopping) this.#log.error({ reason: cause.message }, 'version refused');
      return cause;
    }
  }

  /** Resolves once the version is to be served no more: drained, failed or stopping. */
  async #followFolder(version: ModelVersion, current: VersionSession): Promise<void> {
    let loaded = version;
    let present: ModelVersion | undefined = version;
    while (!this.#isEnding) {
      await this.#changedFrom(present);
      present = this.#wanted;
      if (present === undefined && !this.#isEnding) {
        if (await this.#drained(current)) return;
        continue;
      }
      // The same bytes are loaded already; new golden rows are checked at the next load.
      if (present === undefined || present.sha256 === loaded.sha256) continue;
      if (await this.#replaceSession(present, current)) loaded = present;
    }
  }

  get #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  get #isEnding(): boolean {
    return this.#stopping || this.#failure !== undefined;
  }

  /**
   * The content of the folder has changed: the new session serves if it is good; until then, and otherwise, the one
   * before.
   */
  async #replaceSession(version: ModelVersion, current: VersionSession): Promise<boolean> {
    const session = await this.#open(version);
    if (session instanceof Error) return false;
    const replaced = current.replace(session);
    if (this.#state.type === 'serving') this.#become({ type: 'serving', session });
    await replaced;
    this.#log.info('session replaced');
    return true;
  }

  /**
   * @returns true once its queue is empty and the folder has been gone for long; false if the version goes on or ends
   *   otherwise.
   */
  async #drained({ present: session }: VersionSession): Promise<boolean> {
    const goneAt = performance.now();
    this.#become({ type: 'draining' });
    this.#log.info('the folder of a version is gone: finishing its queue');
    // A session that is unloaded now could not be loaded again: its file is gone.
    using _loaded = session.isLoaded ? await session.hold().catch(() => undefined) : undefined;
    while (this.#wanted === undefined && !this.#isEnding) {
      await Promise.race([sleep(DRAIN_CHECK_MS), this.#change.promise]);
      if (performance.now() - goneAt >= DRAIN_LEAST_MS && (await this.#queue.isEmpty())) return true;
    }
    if (!this.#isEnding) this.#become({ type: 'serving', session });
    return false;
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure;
    this.#wake();
  }

  /** Resolves once the catalog has other content for this version than the one given, or it is served no more. */
  async #changedFrom(version: ModelVersion | undefined): Promise<void> {
    while (this.#wanted === version && !this.#isEnding) await this.#change.promise;
  }

  #become(state: ServedVersionState): void {
    this.#state = state;
    if (state.type !== 'loading') this.#judgement.resolve();
    this.#options.onChange();
  }

  #wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
