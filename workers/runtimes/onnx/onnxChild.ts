/** A process with sessions of ONNX Runtime, see `sessionChild.ts`. It is spoken to by Node's channel. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { withoutSecrets } from '../../../src/process/config.ts';
import type { ChildEvents, Exit, ModelChild, StartChild } from '../modelChild.ts';
import { endWithUs } from '../processGuard.ts';
import type { Answered, Asked, Measured } from '../sessionMessages.ts';

export interface OnnxChildOptions {
  /** The memory limit beyond its start in MiB, see `memoryLimit.ts`; 0: no limit. @default 0 */
  readonly maxMib?: number;
  /** Called for each warning of ONNX Runtime. Without it there is no log of ONNX Runtime. */
  readonly onWarning?: (() => void) | undefined;
  /** Whether memory that a closed session leaves is given back, where the C library can. @default false */
  readonly givesBack?: boolean;
}

/** Keeps glibc at its first threshold. By default it raises it with each large block, and gives back nothing more. */
const FIXED_TRIM = { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

/** Makes CUDA number its devices as nvidia-smi does; by default it numbers them by their speed. */
export const BUS_ORDER = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' };

export function onnxChild(options: OnnxChildOptions = {}): StartChild {
  return (events) => new OnnxChild(options, events);
}

const WARNING = '[W:onnxruntime:';

/** What is printed may have names from the file, and is not passed on. */
function countWarnings(log: Readable, onWarning: () => void): void {
  let end = '';
  log.setEncoding('latin1').on('data', (chunk: string) => {
    const text = end + chunk;
    for (let at = text.indexOf(WARNING); at !== -1; at = text.indexOf(WARNING, at + 1)) onWarning();
    // The mark may begin in one piece, and end in the next one.
    end = text.slice(1 - WARNING.length);
  });
}

class OnnxChild implements ModelChild {
  readonly #child: ChildProcess;
  readonly #exit = Promise.withResolvers<Exit>();

  constructor({ maxMib = 0, givesBack = false, onWarning }: OnnxChildOptions, events: ChildEvents) {
    const script = join(import.meta.dirname, 'sessionChild.ts');
    const isLogged = onWarning !== undefined;
    this.#child = fork(script, [String(maxMib), ...(isLogged ? ['warning'] : [])], {
      serialization: 'advanced',
      stdio: ['inherit', 'inherit', isLogged ? 'pipe' : 'inherit', 'ipc'],
      // The process that runs a model file gets no login: neither to the broker nor for operators' fields.
      env: { ...withoutSecrets(process.env), ...BUS_ORDER, ...(givesBack && FIXED_TRIM) },
    });
    if (onWarning !== undefined && this.#child.stderr !== null) countWarnings(this.#child.stderr, onWarning);
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
