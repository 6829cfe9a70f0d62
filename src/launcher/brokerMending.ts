/**
 * Restarts the nats-server of `npm start` when it stores nothing although the disk has space: a stream that failed to
 * write on a full disk fails until a restart. Gateways and workers report whether their messages are stored.
 *
 * While the disk is full, a restart would change nothing, so this waits for space. If the disk is not the cause (a
 * limit on the size of files, for example), the trouble must last before nats-server is restarted, because the machine
 * may only be busy. If a restart does not help, the pause before the next one doubles.
 */
import type { Logger } from '../process/log.ts';
import { readableBytes } from '../process/readableBytes.ts';
import type { KeptProcess } from './keptProcess.ts';

export interface BrokerMendingOptions {
  readonly broker: Pick<KeptProcess, 'restart'>;
  readonly dataDir: string;
  /** Free bytes on the disk of the folder. */
  readonly readFreeBytes: () => Promise<number>;
  readonly log: Logger;
}

const MIB = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;
/** With less, a write may fail: a message can have several MiB. */
const FULL_BELOW_BYTES = 16 * MIB;
const ROOM_FROM_BYTES = 32 * MIB;
/** Processes report every 5 s, so this is six reports in a row. */
const UNEXPLAINED_FOR_MS = 30_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

export class BrokerMending implements Disposable {
  readonly #options: BrokerMendingOptions;
  readonly #timer: NodeJS.Timeout;
  /** The problem that each process reports, by process. */
  readonly #problems = new Map<string, string>();
  #troubledSince = 0;
  /** Since the last restart. */
  #wasFull = false;
  #isWaitingForRoom = false;
  /** Whether the free space of the disk could not be read the last time. */
  #isBlind = false;
  #restartedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(options: BrokerMendingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#lookOrWarn(), LOOK_EVERY_MS).unref();
  }

  /** @param problem undefined if its message was stored, or if the process has ended. */
  hear(process: string, problem: string | undefined): void {
    if (problem === undefined) {
      this.#problems.delete(process);
      return;
    }
    if (this.#problems.size === 0) this.#troubledSince = performance.now();
    this.#problems.set(process, problem);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #lookOrWarn(): Promise<void> {
    const { dataDir, readFreeBytes, log } = this.#options;
    try {
      this.#look(await readFreeBytes());
      this.#isBlind = false;
    } catch (err) {
      if (!this.#isBlind)
        log.warn(
          { err, dataDir },
          'what is free on the disk of DATA_DIR cannot be read: nats-server is not restarted, even if it stores nothing',
        );
      this.#isBlind = true;
    }
  }

  #look(freeBytes: number): void {
    const { dataDir, log, broker } = this.#options;
    if (freeBytes < FULL_BELOW_BYTES) this.#wasFull = true;
    const [problem] = this.#problems.values();
    if (problem === undefined || freeBytes >= ROOM_FROM_BYTES) this.#isWaitingForRoom = false;
    if (problem === undefined) return;
    const free = readableBytes(freeBytes);
    if (freeBytes < ROOM_FROM_BYTES) {
      if (!this.#isWaitingForRoom)
        log.error({ dataDir, free, problem }, 'the disk of DATA_DIR is full: waiting for room');
      this.#isWaitingForRoom = true;
      return;
    }
    const now = performance.now();
    const sinceRestartMs = now - this.#restartedAt;
    const isExplained = this.#wasFull || now - this.#troubledSince > UNEXPLAINED_FOR_MS;
    if (!isExplained || sinceRestartMs < this.#pauseMs) return;
    log.warn({ dataDir, free, problem }, 'nats-server stores nothing although there is room: restarting it');
    // A restart long after the one before has a new cause.
    this.#pauseMs =
      sinceRestartMs > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#restartedAt = now;
    this.#wasFull = false;
    this.#problems.clear();
    broker.restart();
  }
}
