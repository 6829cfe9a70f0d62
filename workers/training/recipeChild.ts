/**
 * The process of a recipe, on the trainer's side: one try to train. It is a `FramedProcess`, so it may print whatever it
 * likes, and no process that it starts outlives it. docs/training.md describes its frames.
 *
 *  starting    it has not said that it is ready.
 *  training    it tells its progress and its checkpoints. Whatever it does shows that it lives.
 *  cancelled   it was told to end. If it has not done so after a moment, it is killed.
 *  over        it has trained or refused, or has ended. Its group is killed.
 */
import { messageOf } from '../../src/contract/errors.ts';
import { shortText } from '../../src/contract/task.ts';
import { FramedProcess, type OutputStream } from '../runtimes/framed/framedProcess.ts';
import type { Frame } from '../runtimes/framed/frames.ts';
import { limitMemory, withLimit } from '../runtimes/memoryLimit.ts';
import type { Exit } from '../runtimes/modelChild.ts';
import { type ProgressNotice, progressIn } from './progressFrame.ts';
import { DataError, type RecipeRun, type TrainingFiles } from './recipe.ts';
import type { RecipeLaunch } from './recipeLaunch.ts';

export interface RecipeAsk {
  readonly files: TrainingFiles;
  readonly params: RecipeRun['params'];
  readonly seed: number;
  /** An empty folder for the files of the version. */
  readonly out: string;
  /** A folder for other files, such as checkpoints. */
  readonly scratch: string;
  /** A file of an earlier try. */
  readonly checkpoint?: string | undefined;
}

export interface RecipeChildOptions {
  readonly launch: RecipeLaunch;
  readonly ask: RecipeAsk;
  /** The memory limit beyond its start in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
  /** How long it may show no sign of life, in milliseconds. */
  readonly stallMs: number;
  /** Aborted when it is to end. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProgressNotice) => void;
  /** Keeps a file. The recipe waits until that is done. */
  readonly onCheckpoint: (file: string) => Promise<void>;
  readonly onLine: (line: string, stream: OutputStream) => void;
}

/** It ended by its own fault. Another try would end in the same way. */
export class RecipeFailed extends Error {
  /** The last lines that it printed on stderr. */
  readonly printed: readonly string[];

  constructor(message: string, printed: readonly string[] = []) {
    super(message);
    this.printed = printed;
  }
}

/** Its process was killed, or showed no sign of life. Another try may succeed. */
export class RecipeDied extends Error {}

const PROTOCOL = 1;
/** A busy process is gone within a second of the wish to end it. */
const CANCEL_WITHIN_MS = 500;
const LINES_A_SECOND = 200;
/** Of stderr, for messages: a long traceback. */
const REMEMBERED_LINES = 100;

/**
 * Runs a recipe once.
 *
 * @throws {DataError} with its reason, if it refuses the data. @throws {RecipeFailed} @throws {RecipeDied} @throws the
 *   reason of the signal.
 */
export async function runRecipe(options: RecipeChildOptions): Promise<void> {
  options.signal.throwIfAborted();
  await using child = new RecipeChild(options);
  await child.over;
}

class RecipeChild implements AsyncDisposable {
  readonly #options: RecipeChildOptions;
  readonly #process: FramedProcess;
  readonly #over = Promise.withResolvers<void>();
  readonly #errorLines: string[] = [];
  readonly #cancel = () => this.#tellToEnd();
  readonly #stalled: NodeJS.Timeout;
  /** Checkpoints that are being kept. */
  #beingKept = 0;

  constructor(options: RecipeChildOptions) {
    this.#options = options;
    const { launch, signal, stallMs, onLine } = options;
    this.#over.promise.catch(() => {});
    this.#stalled = setTimeout(() => this.#endStalled(), stallMs);
    signal.addEventListener('abort', this.#cancel);
    this.#process = new FramedProcess({
      ...launch,
      linesOf: (stream) => ({
        linesASecond: LINES_A_SECOND,
        onLine: (line) => {
          this.#stalled.refresh();
          if (stream === 'stderr') this.#rememberError(line);
          onLine(line, stream);
        },
        onLeftOut: (lines) => {
          this.#stalled.refresh();
          onLine(`… ${lines} more lines within a second are left out`, stream);
        },
      }),
      maxBodyBytes: () => 0,
      onFrame: (frame) => this.#hear(frame),
      onFault: (fault) => this.#fail(fault),
      // It may go on, and its exit tells how it ended.
      onFramesEnd: () => {},
      onEnd: (exit, problem) => this.#ended(exit, problem),
    });
  }

  /** Resolves once it has trained. Rejects as `runRecipe`. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#stalled);
    this.#options.signal.removeEventListener('abort', this.#cancel);
    this.#process.kill();
    await this.#process.exited;
  }

  #hear({ header }: Frame): void {
    this.#stalled.refresh();
    switch (header.type) {
      case 'ready':
        void this.#begin(header.protocol);
        break;
      case 'progress':
        this.#options.onProgress(progressIn(header));
        break;
      case 'checkpoint':
        void this.#keep(header.file);
        break;
      case 'trained':
        this.#over.resolve();
        break;
      case 'refused':
        this.#over.reject(new DataError(reasonIn(header)));
        break;
      default:
        this.#fail(new Error(`${JSON.stringify(header.type)} is no type of a frame that a recipe writes`));
    }
  }

  async #begin(protocol: unknown): Promise<void> {
    const { ask, maxMib } = this.#options;
    if (protocol !== PROTOCOL) {
      this.#fail(new Error(`ready must name protocol ${PROTOCOL}, got ${JSON.stringify(protocol)}`));
      return;
    }
    try {
      if (maxMib > 0) await limitMemory(this.#process.pid ?? 0, maxMib);
      this.#process.write({ type: 'train', ...ask });
    } catch (error) {
      this.#over.reject(new RecipeFailed(`its memory could not be limited: ${messageOf(error)}`));
    }
  }

  async #keep(file: unknown): Promise<void> {
    if (typeof file !== 'string') {
      this.#fail(new Error('checkpoint must name a file'));
      return;
    }
    this.#beingKept++;
    await this.#options.onCheckpoint(file);
    this.#beingKept--;
    this.#stalled.refresh();
    this.#process.write({ type: 'kept', file });
  }

  #tellToEnd(): void {
    this.#process.write({ type: 'cancel' });
    setTimeout(() => this.#over.reject(this.#options.signal.reason), CANCEL_WITHIN_MS);
  }

  #endStalled(): void {
    const { stallMs } = this.#options;
    if (this.#beingKept > 0) {
      // The recipe waits, and a slow store is not its fault.
      this.#stalled.refresh();
      return;
    }
    this.#over.reject(new RecipeDied(`it showed no sign of life for ${stallMs / 1_000} s and was ended`));
  }

  #fail(fault: Error): void {
    this.#over.reject(new RecipeFailed(`it broke the protocol: ${fault.message}`));
  }

  /** What it had said before counts. */
  #ended({ code, signal }: Exit, problem: string | undefined): void {
    const lastLine = this.#errorLines.at(-1);
    const printed = lastLine === undefined ? '' : `: ${withLimit(lastLine, this.#options.maxMib)}`;
    if (this.#options.signal.aborted) this.#over.reject(this.#options.signal.reason);
    else if (problem !== undefined)
      this.#over.reject(new RecipeFailed(`it could not be started: ${problem}`));
    else if (signal !== null) this.#over.reject(new RecipeDied(`its process was ended by ${signal}`));
    else if (code !== 0)
      this.#over.reject(new RecipeFailed(`it ended with exit code ${code}${printed}`, this.#errorLines));
    else this.#over.reject(new RecipeFailed('it ended without saying that it has trained'));
  }

  #rememberError(line: string): void {
    this.#errorLines.push(line);
    if (this.#errorLines.length > REMEMBERED_LINES) this.#errorLines.shift();
  }
}

function reasonIn({ reason }: Frame['header']): string {
  return typeof reason === 'string' && reason !== '' ? shortText(reason) : 'it gave no reason';
}
