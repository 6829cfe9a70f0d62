/**
 * A process that has models loaded, on the parent's side. It works on its requests one after another, in order: if it
 * dies, only the oldest open one can be the cause.
 *
 *  alive  each request is answered, or fails.
 *  dead   it died, or was ended (also for being too slow). All open requests have failed, new ones fail at once, and
 *         late answers are ignored: they must not be taken for those of another run.
 */
import { withLimit } from './memoryLimit.ts';
import type { Exit, ModelChild, ReadOutputs, StartChild } from './modelChild.ts';
import type { RunOutputs } from './onnx/decoder.ts';
import type { GivenColumns } from './onnx/encoder.ts';
import { onnxChild } from './onnx/onnxChild.ts';
import type { GraphSignature } from './onnx/signature.ts';
import type {
  Answered,
  Asked,
  LoadRequest,
  Measured,
  SessionAnswer,
  SessionRequest,
  TryRequest,
} from './sessionMessages.ts';

export interface Run extends RunOutputs {
  /** The time of the run itself, without the way to the process and back. */
  readonly computeMs: number;
}

export interface Loaded extends Extract<SessionAnswer, { type: 'loaded' }> {
  /** The number by which this process knows the model. */
  readonly model: number;
}

/** The version cannot be loaded (the message is its runtime's), or disagrees with the manifest (it names both sides). */
export class LoadRefused extends Error {}
/** The session's process died during the run. */
export class SessionCrashed extends Error {
  /** What is known of the cause beside the exit; empty if nothing is. For operators. */
  readonly said: string;

  constructor(message: string, said = '') {
    super(message);
    this.said = said;
  }
}
/** The process was dead before the work began. Another process can do it. */
export class NotBegun extends Error {}
/** The run took too long, so its process was ended. */
export class RunTimedOut extends Error {}
/** The model refused the run; the message is its runtime's. The process lives on. */
export class RunFailed extends Error {}
/** The answer broke the protocol, or was too large, so the process was ended. Rows are judged as for wrong tensors. */
export class AnswerRefused extends RangeError {}

/** A file of a gigabyte from a slow disk takes a minute. A load that takes longer counts as hanging. */
const LOAD_TIMEOUT_MS = 120_000;

export interface SessionProcessOptions {
  /** Starts the child. @default one for ONNX files */
  readonly start?: StartChild;
  /** The memory limit that the child was given, for messages; 0: none. @default 0 */
  readonly maxMib?: number;
  /** Called once when it is dead, before its open requests fail. Not called if it was disposed. */
  readonly onDeath?: () => void;
  /** Called when it has been measured after runs, see `Measured`. The measurement that comes with an answer is not told. */
  readonly onMeasured?: () => void;
}

export interface RunHow {
  /** Whether `peakBytes` must include this run. @default false */
  readonly measure?: boolean;
  /** Called with outputs that the run gives before it is over. */
  readonly onPartial?: ((read: ReadOutputs) => void) | undefined;
}

interface OpenRequest {
  readonly id: number;
  readonly timeoutMs: number;
  readonly tooLong: () => Error;
  readonly onPartial: RunHow['onPartial'];
  readonly answer: PromiseWithResolvers<SessionAnswer>;
}

export class SessionProcess implements AsyncDisposable {
  readonly #child: ModelChild;
  readonly #onDeath: () => void;
  readonly #onMeasured: () => void;
  readonly #maxMib: number;
  /** In order: the process works on the first. */
  readonly #open: OpenRequest[] = [];
  /** The time limit of the first open request. */
  #timer: NodeJS.Timeout | undefined;
  #requests = 0;
  #models = 0;
  #peakBytes = 0;
  #isDead = false;

  constructor({
    maxMib = 0,
    start = onnxChild({ maxMib }),
    onDeath = () => {},
    onMeasured = () => {},
  }: SessionProcessOptions = {}) {
    this.#onDeath = onDeath;
    this.#onMeasured = onMeasured;
    this.#maxMib = maxMib;
    this.#child = start({
      heard: (message) => this.#hear(message),
      partial: (id, read) => this.#hearPartial(id, read),
      ended: (fault) => this.#die(fault),
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  /** Its memory as measured last, see `sessionMessages.ts`; 0 before the first measurement, and once it is dead. */
  get peakBytes(): number {
    return this.#isDead ? 0 : this.#peakBytes;
  }

  /**
   * Describes the inputs and outputs of a file.
   *
   * @param beside as in `LoadRequest`.
   * @throws {LoadRefused} if its runtime cannot load it, or not in time.
   * @throws {SessionCrashed} if the process dies meanwhile.
   */
  async describe(file: string, beside: readonly string[]): Promise<GraphSignature> {
    const answer = await this.#askToLoad({ type: 'describe', file, beside });
    if (answer.type === 'described') return answer;
    throw new LoadRefused(this.#reasonIn(answer));
  }

  /**
   * Loads a version for runs.
   *
   * @returns the process's description of the version, and the number for its runs.
   * @throws {LoadRefused} if the file cannot be loaded in time, has another digest, or disagrees with the manifest.
   * @throws {SessionCrashed} if the process dies meanwhile.
   */
  async load(request: Omit<LoadRequest, 'type' | 'model'>): Promise<Loaded> {
    const model = ++this.#models;
    const answer = await this.#askToLoad({ type: 'load', model, ...request });
    if (answer.type === 'loaded') return { ...answer, model };
    throw new LoadRefused(this.#reasonIn(answer));
  }

  /** Closes the session of a model. @throws {SessionCrashed} if the process dies meanwhile. */
  async unload(model: number): Promise<void> {
    await this.#askToLoad({ type: 'unload', model });
  }

  /**
   * Runs one batch, after `load`.
   *
   * @param model the number of the loaded model.
   * @param timeoutMs the longest run. Beyond it the process is ended, because nothing else can interrupt a run.
   * @throws {RunFailed} if the model refused the batch.
   * @throws {AnswerRefused} if the answer could not be taken. @throws {RangeError} if its types are wrong.
   * @throws {RunTimedOut} if it took too long.
   * @throws {SessionCrashed} if the process died in this run.
   * @throws {NotBegun} if it died in an earlier request.
   */
  async run(model: number, columns: GivenColumns, timeoutMs: number, how: RunHow = {}): Promise<Run> {
    const { measure = false, onPartial } = how;
    const tooLong = () => new RunTimedOut(`the run took longer than ${timeoutMs} ms`);
    const request: SessionRequest = { type: 'run', model, columns, measure };
    const answer = await this.#ask(request, timeoutMs, tooLong, onPartial);
    if (answer.type === 'ran') return answer;
    if (answer.type === 'invalid') throw new RangeError(answer.reason);
    throw new RunFailed(this.#reasonIn(answer));
  }

  /** Runs the file that was described last. The errors are those of `run`. */
  async try(request: Omit<TryRequest, 'type'>, timeoutMs: number): Promise<Run> {
    const tooLong = () => new RunTimedOut(`the run took longer than ${timeoutMs} ms`);
    const answer = await this.#ask({ type: 'try', ...request }, timeoutMs, tooLong);
    if (answer.type === 'ran') return answer;
    throw new RunFailed(this.#reasonIn(answer));
  }

  /** Ends the process, even in the middle of a run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.exited;
  }

  #reasonIn(answer: SessionAnswer): string {
    return 'reason' in answer ? withLimit(answer.reason, this.#maxMib) : `unexpected answer ${answer.type}`;
  }

  #askToLoad(request: SessionRequest): Promise<SessionAnswer> {
    const tooLong = () => new LoadRefused(`to load it took longer than ${LOAD_TIMEOUT_MS} ms`);
    return this.#ask(request, LOAD_TIMEOUT_MS, tooLong);
  }

  async #ask(
    request: SessionRequest,
    timeoutMs: number,
    tooLong: () => Error,
    onPartial?: RunHow['onPartial'],
  ): Promise<SessionAnswer> {
    if (this.#isDead) throw new SessionCrashed('the session process died');
    const asked = {
      id: ++this.#requests,
      timeoutMs,
      tooLong,
      onPartial,
      answer: Promise.withResolvers<SessionAnswer>(),
    };
    this.#open.push(asked);
    if (this.#open.length === 1) this.#limitTime(asked);
    this.#child.send({ id: asked.id, request } satisfies Asked);
    return asked.answer.promise;
  }

  #limitTime(first: OpenRequest): void {
    // A worker that was suspended or starved runs its timers before it reads its sockets. An answer that has arrived by
    // then was in time. It is read before the immediate runs.
    this.#timer = setTimeout(() => setImmediate(() => this.#endOverdue(first)), first.timeoutMs);
  }

  #hear(message: Answered | Measured): void {
    this.#peakBytes = message.peakBytes ?? this.#peakBytes;
    if ('id' in message) this.#answerFirst(message);
    else this.#onMeasured();
  }

  #hearPartial(id: number, read: ReadOutputs): void {
    const [first] = this.#open;
    if (first?.id === id) first.onPartial?.(read);
  }

  #answerFirst({ id, answer }: Answered): void {
    if (this.#open[0]?.id !== id) return;
    clearTimeout(this.#timer);
    this.#open.shift()?.answer.resolve(answer);
    const [next] = this.#open;
    if (next !== undefined) this.#limitTime(next);
  }

  #endOverdue(request: OpenRequest): void {
    if (this.#open[0] === request) this.#die(request.tooLong());
  }

  /** @param fault what the first open request fails with. */
  #die(fault?: Error): void {
    if (this.#isDead) return;
    this.#end(fault);
    this.#onDeath();
  }

  #end(fault: Error = new SessionCrashed('the session process died')): void {
    this.#isDead = true;
    this.#child.kill();
    clearTimeout(this.#timer);
    const [first, ...others] = this.#open.splice(0);
    first?.answer.reject(fault);
    for (const { answer } of others) answer.reject(new NotBegun('the session process died before'));
  }
}
