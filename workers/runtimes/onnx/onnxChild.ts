/** A process with sessions of ONNX Runtime, see `sessionChild.ts`. It is spoken to by Node's channel. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { withoutSecrets } from '../../../src/process/config.ts';
import type { ChildEvents, Exit, ModelChild, StartChild } from '../modelChild.ts';
import { endWithUs } from '../processGuard.ts';
import type { Answered, Asked, Measured } from '../sessionMessages.ts';

export interface OnnxChildOptions {
  /** The memory limit beyond its start in MiB, see `memoryLimit.ts`; 0: no limit. @default 0 */
  readonly maxMib?: number;
  /** Whether memory that a closed session leaves is given back, where the C library can. @default false */
  readonly givesBack?: boolean;
}

/** Keeps glibc at its first threshold. By default it raises it with each large block, and gives back nothing more. */
const FIXED_TRIM = { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

export function onnxChild(options: OnnxChildOptions = {}): StartChild {
  return (events) => new OnnxChild(options, events);
}

class OnnxChild implements ModelChild {
  readonly #child: ChildProcess;
  readonly #exit = Promise.withResolvers<Exit>();

  constructor({ maxMib = 0, givesBack = false }: OnnxChildOptions, events: ChildEvents) {
    const script = join(import.meta.dirname, 'sessionChild.ts');
    this.#child = fork(script, [String(maxMib)], {
      serialization: 'advanced',
      // The process that runs a model file gets no login: neither to the broker nor for operators' fields.
      env: { ...withoutSecrets(process.env), ...(givesBack && FIXED_TRIM) },
    });
    this.#child.on('message', (message: Answered | Measured) => events.heard(message));
    this.#child.once('disconnect', () => events.ended());
    const guard = endWithUs(this.#child.pid);
    // The exit alone may be reported before the last answers are read.
    this.#child.once('close', (code, signal) => {
      guard?.kill('SIGKILL');
      this.#exit.resolve({ code, signal });
    });
    this.#child.on('error', () => {
      events.ended();
      if (this.#child.pid === undefined) this.#exit.resolve({ code: null, signal: null });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exited(): Promise<Exit> {
    return this.#exit.promise;
  }

  send(asked: Asked): void {
    this.#child.send(asked, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
