/**
 * A process that speaks frames, on the parent's side: that of a version that is code, or of a recipe. It has a process
 * group of its own, which ends with it and with us. Frames go in at its descriptor 3 and come out at 4, so that it may
 * print whatever it likes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../src/contract/errors.ts';
import type { Exit } from '../modelChild.ts';
import { endWithUs } from '../processGuard.ts';
import { ChildLines, type ChildLinesOptions } from './childLines.ts';
import { type Frame, FrameFault, FrameReader, type FrameReaderOptions, writeFrame } from './frames.ts';

export type OutputStream = 'stdout' | 'stderr';

export interface FramedProcessOptions extends Pick<FrameReaderOptions, 'maxBodyBytes'> {
  readonly command: string;
  readonly args: readonly string[];
  /** In which it is started. */
  readonly folder: string;
  /** Without logins and secrets. */
  readonly env: NodeJS.ProcessEnv;
  /** What becomes of the lines that it prints. */
  readonly linesOf: (stream: OutputStream, pid: number | undefined) => Omit<ChildLinesOptions, 'stream'>;
  /** It may throw a `FrameFault`. */
  readonly onFrame: (frame: Frame) => void;
  /** What it writes is no frame, or a wrong one. Nothing more is read of it. */
  readonly onFault: (fault: FrameFault) => void;
  /** No more frames come; it may go on. */
  readonly onFramesEnd: () => void;
  /** Called once it has ended and what it wrote last is read. @param problem why it could not be started. */
  readonly onEnd: (exit: Exit, problem?: string) => void;
}

/** A process that it has left behind, out of its group, may hold its pipes open for ever. */
export const CLOSE_WITHIN_MS = 500;

export class FramedProcess {
  readonly #options: FramedProcessOptions;
  readonly #child: ChildProcess;
  readonly #in: Writable;
  readonly #lines: Readonly<Record<OutputStream, ChildLines>>;
  readonly #exit = Promise.withResolvers<Exit>();
  /** Whether it has ended, and its group with it. */
  #isGone = false;

  constructor(options: FramedProcessOptions) {
    this.#options = options;
    const { command, args, folder: cwd, env, linesOf } = options;
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] as const;
    // As the leader of a group, so that the processes that it starts can be ended with it.
    this.#child = spawn(command, args, { cwd, env, stdio: [...stdio], detached: true });
    const [, out, errors, frames, answers] = this.#child.stdio;
    this.#lines = {
      stdout: new ChildLines({ stream: out as Readable, ...linesOf('stdout', this.pid) }),
      stderr: new ChildLines({ stream: errors as Readable, ...linesOf('stderr', this.pid) }),
    };
    this.#in = frames as Writable;
    // What it does not take any more, it does not answer either.
    this.#in.on('error', () => {});
    this.#read(answers as Readable);
    const guard = endWithUs(this.pid === undefined ? undefined : -this.pid);
    this.#child.once('error', (error) => this.#end({ code: null, signal: null }, messageOf(error)));
    this.#child.once('exit', (code, signal) => {
      this.kill();
      this.#isGone = true;
      guard?.kill('SIGKILL');
      const end = () => this.#end({ code, signal });
      // Its last frames and lines are read first.
      this.#child.once('close', end);
      setTimeout(end, CLOSE_WITHIN_MS).unref();
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exited(): Promise<Exit> {
    return this.#exit.promise;
  }

  lastLineOf(stream: OutputStream): string {
    return this.#lines[stream].lastLine;
  }

  write(header: object, parts?: readonly Uint8Array[]): void {
    writeFrame(this.#in, header, parts);
  }

  /** Ends it, and the processes of its group. */
  kill(): void {
    // Afterwards the number of the group may be that of another one.
    if (this.pid === undefined || this.#isGone) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // The whole group has ended.
    }
  }

  #read(answers: Readable): void {
    const { maxBodyBytes, onFrame, onFault, onFramesEnd } = this.#options;
    const reader = new FrameReader({ maxBodyBytes, onFrame });
    answers.on('error', () => {});
    answers.on('end', onFramesEnd);
    answers.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof FrameFault)) throw error;
        answers.destroy();
        onFault(error);
      }
    });
  }

  #end(exit: Exit, problem?: string): void {
    for (const stream of this.#child.stdio) stream?.destroy();
    this.#options.onEnd(exit, problem);
    this.#exit.resolve(exit);
  }
}
