/**
 * One process that is kept running until it is told to stop.
 *
 *  starting  spawned, not ready yet. A plan that must start gives up here when the process ends.
 *  ready     it does its work. `ready` resolves the first time.
 *  waiting   it ended by itself and is started again after a pause, which doubles while it keeps failing.
 *  stopping  disposed of: it gets SIGTERM and some time to leave in order, then it is killed with all it started.
 *
 * Exit code 78 is no reason to start again: the configuration is wrong, so everything stops.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CONFIGURATION } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A process that lived so long has recovered: its next end is a new trouble, with a short pause again. */
const RECOVERED_AFTER_MS = 10_000;

export interface ProcessPlan {
  readonly name: string;
  readonly command: string;
  /** Asked for at each start. */
  readonly args: () => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Whether it speaks IPC: then it can tell that it is ready, and notices when this process is gone. */
  readonly ipc: boolean;
  /** Where its output is added to; without, it has ours. What may outlive us must not hold our output open. */
  readonly logFile?: string;
  /** Hears what a process that speaks IPC says. */
  readonly onMessage?: (message: unknown) => void;
  readonly onEnd?: () => void;
  /** Resolves when the process does its work, with its address if it has one; `signal` aborts when it ended. */
  readonly whenReady: (child: ChildProcess, signal: AbortSignal) => Promise<string | undefined>;
  /** Whether an end before it was ever ready gives up, instead of starting it again. */
  readonly mustStart: boolean;
  /** Time to leave after SIGTERM, in milliseconds. */
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

  /** @param collaborators.giveUp is told the exit code with which the whole system has to end. */
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

  async #keepRunning(): Promise<void> {
    const { name, mustStart, logFile } = this.#plan;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopping.signal.aborted) {
      const startedAt = performance.now();
      const ending = await this.#runOnce();
      if (this.#stopping.signal.aborted) return;
      if (ending.code === EXIT_CONFIGURATION) {
        // The process has said itself what is wrong.
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
    // A process group of its own: Ctrl-C in a terminal reaches only us, and the order of stopping stays ours.
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
        // It ended first, which is handled where it ended.
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

  /** Ends the process, which is then started again as after any other end. */
  restart(): void {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(child), this.#plan.stopWithinMs).unref();
    child.once('exit', () => clearTimeout(timer));
  }

  /** Ends the process, and all that it started, at once and for good. */
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

/** Ends a process, and all that it started, at once. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended just now.
  }
}
