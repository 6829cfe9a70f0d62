/**
 * One process that is kept running until it is told to stop.
 *
 *  starting  spawned, not ready yet. A plan that must start gives up here if the process ends.
 *  ready     it works. `ready` resolves the first time.
 *  waiting   it ended by itself. It is started again after a pause, which doubles while it keeps failing.
 *  stopping  it gets SIGTERM and some time to stop in order. Then it is killed with all its children.
 *
 * After exit code 78 it is not started again: the configuration is wrong, so the whole system stops.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CONFIGURATION } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A process that has lived so long has recovered. After its next end the pause is short again. */
const RECOVERED_AFTER_MS = 10_000;

export interface ProcessPlan {
  readonly name: string;
  readonly command: string;
  /** Called at each start. */
  readonly args: () => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Whether it speaks IPC. Then it reports that it is ready, and notices when this process is gone. */
  readonly ipc: boolean;
  /**
   * The file that its output is appended to; undefined: it writes to ours. A process that may outlive us needs a file.
   */
  readonly logFile?: string;
  /** Gets the messages of a process that speaks IPC. */
  readonly onMessage?: (message: unknown) => void;
  readonly onEnd?: () => void;
  /** Resolves when the process is ready, with its address if it has one; `signal` aborts when the process has ended. */
  readonly whenReady: (child: ChildProcess, signal: AbortSignal) => Promise<string | undefined>;
  /** Whether an end before it was ever ready stops the system, instead of a new start. */
  readonly mustStart: boolean;
  /** Time to stop after SIGTERM, in milliseconds. */
  readonly stopWithinMs: number;
}

interface Ending {
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly err?: Error;
}

export class KeptProcess implements AsyncDisposable {
  readonly #plan: ProcessPlan;
  readonly #log: Logger;
  readonly #giveUp: (exitCode: number) => void;
  readonly #ready = Promise.withResolvers<string | undefined>();
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #child: ChildProcess | undefined;
  #wasReady = false;

  /** @param collaborators.giveUp gets the exit code with which the whole system has to end. */
  constructor(plan: ProcessPlan, collaborators: { log: Logger; giveUp: (exitCode: number) => void }) {
    this.#plan = plan;
    this.#log = collaborators.log;
    this.#giveUp = collaborators.giveUp;
    this.#done = this.#keepRunning();
  }

  get name(): string {
    return this.#plan.name;
  }

  /** The address if there is one, once the process is ready for the first time. Stays pending if it never is. */
  get ready(): Promise<string | undefined> {
    return this.#ready.promise;
  }

  /** Sends a message to a process that speaks IPC. @returns false if it does not run now. */
  send(message: string): boolean {
    return this.#child?.connected === true && this.#child.send(message, () => {});
  }

  async #keepRunning(): Promise<void> {
    const { name, mustStart, logFile } = this.#plan;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const ending = await this.#runOnce();
      if (this.#stopping.signal.aborted) return;
      if (ending.code === EXIT_CONFIGURATION) {
        // The process itself has printed the problem.
        this.#giveUp(EXIT_CONFIGURATION);
        return;
      }
      if (mustStart && !this.#wasReady) {
        this.#log.error({ ...ending, logFile }, `${name} could not start`);
        this.#giveUp(1);
        return;
      }
      if (performance.now() - startedAt >= RECOVERED_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      this.#log.warn({ ...ending, pauseMs }, `${name} ended, starting it again`);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  async #runOnce(): Promise<Ending> {
    const { name, command, args, env, ipc, logFile, whenReady, onMessage, onEnd } = this.#plan;
    const output = logFile === undefined ? 'inherit' : openSync(logFile, 'a');
    // A process group of its own, so that Ctrl-C in a terminal reaches only us, and we keep the order of stopping.
    const child = spawn(command, args(), {
      env,
      detached: true,
      stdio: ['ignore', output, output, ...(ipc ? (['ipc'] as const) : [])],
    });
    if (typeof output === 'number') closeSync(output);
    this.#child = child;
    if (onMessage !== undefined) child.on('message', onMessage);
    const ended = new AbortController();
    const ending = new Promise<Ending>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? { code } : { signal }));
      child.once('error', (err) => child.pid === undefined && resolve({ err }));
    });
    whenReady(child, ended.signal).then(
      (address) => {
        this.#log.info({ pid: child.pid, address }, `${name} is ready`);
        this.#wasReady = true;
        this.#ready.resolve(address);
      },
      (err) => {
        // It has ended first. The code below handles that.
        if (ended.signal.aborted) return;
        this.#log.error(
          { err, pid: child.pid },
          `${name} runs, but whether it is ready cannot be told: ending it`,
        );
        killGroup(child);
      },
    );
    return ending.finally(() => {
      ended.abort();
      onEnd?.();
    });
  }

  /** Ends the process. It is then started again, as after any other end. */
  restart(): void {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(child), this.#plan.stopWithinMs).unref();
    child.once('exit', () => clearTimeout(timer));
  }

  /** Ends the process and all its children at once and for good. */
  kill(): void {
    this.#stopping.abort();
    if (this.#child !== undefined) killGroup(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const { name, stopWithinMs } = this.#plan;
    const timer = setTimeout(() => {
      this.#log.warn(`${name} has not stopped within ${stopWithinMs} ms and is killed`);
      this.kill();
    }, stopWithinMs);
    await this.#done;
    clearTimeout(timer);
  }
}

/** Ends a process and all its children at once. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended just now.
  }
}
