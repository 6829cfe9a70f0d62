/**
 * The process of one version that is code, on the parent's side: Python, Node or any other program. It has no login and
 * no secret, a memory limit of its own, and the version's folder as its present folder: see docs/runtimes.md.
 *
 *  starting  it has not said that it is ready. A request waits.
 *  at work   a request is answered by one frame; a run also by frames with partial outputs before.
 *  ended     it has ended, or a frame could not be read, or was too large. Then it is killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../src/contract/errors.ts';
import { shortText } from '../../../src/contract/task.ts';
import { tensorTypeOf } from '../../../src/models/manifest.ts';
import type { Logger } from '../../../src/process/log.ts';
import { limitMemory } from '../memoryLimit.ts';
import type { ChildEvents, Exit, ModelChild, StartChild } from '../modelChild.ts';
import type { Columns } from '../onnx/encoder.ts';
import { signatureProblems } from '../onnx/signature.ts';
import { peakBytesOf, resetPeak } from '../processMemory.ts';
import type { Answered, Asked, LoadRequest, RunRequest, SessionAnswer } from '../sessionMessages.ts';
import { AnswerRefused, SessionCrashed } from '../sessionProcess.ts';
import type { ChildLinesOptions } from './childLines.ts';
import { fieldsOf, mostAnswerBytes, rowsOf } from './fields.ts';
import { frameColumns, outputTensorsOf, readColumns, shapedColumnsOf } from './frameColumns.ts';
import { CLOSE_WITHIN_MS, FramedProcess } from './framedProcess.ts';
import { type Frame, FrameFault } from './frames.ts';
import type { Launch } from './launch.ts';
import { readSignature } from './metadata.ts';

export interface FramedChildOptions {
  readonly launch: Launch;
  /** The memory limit beyond its start in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
  readonly log: Logger;
}

/** The version of the protocol in docs/runtimes.md. */
const PROTOCOL = 1;
/** Other frames than answers of runs have no body. */
const NO_BODY = 0;
const MEASURE_INTERVAL_MS = 1_000;
const LINES_A_SECOND = 50;
/** The manifest of a process that is only asked what it takes and gives. */
const NOTHING: LoadRequest['manifest'] = {
  inputs: [],
  outputs: [],
  masks: [],
  axes: {},
  batching: { maxBatchSize: 1, maxBulkBatchSize: 1, maxWaitMs: 0 },
};

export function framedChild(options: FramedChildOptions): StartChild {
  return (events) => new FramedChild(options, events);
}

class FramedChild implements ModelChild {
  readonly #options: FramedChildOptions;
  readonly #events: ChildEvents;
  readonly #process: FramedProcess;
  readonly #ready = Promise.withResolvers<void>();
  /** Requests without an answer, in order. */
  readonly #open: Asked[] = [];
  /** When the first of them began, by `performance.now()`. */
  #beganAt = 0;
  #manifest: LoadRequest['manifest'] = NOTHING;
  #measuring: NodeJS.Timeout | undefined;

  constructor(options: FramedChildOptions, events: ChildEvents) {
    this.#options = options;
    this.#events = events;
    const { model, version } = options.launch;
    this.#ready.promise.catch(() => {});
    this.#process = new FramedProcess({
      ...options.launch,
      linesOf: (stream, pid) => logLines(options.log.child({ version, model, pid, stream })),
      maxBodyBytes: () => this.#maxBodyBytes(),
      onFrame: (frame) => this.#hear(frame),
      onFault: ({ message }) =>
        events.ended(new AnswerRefused(`the version's process broke the protocol: ${message}`)),
      onFramesEnd: () => this.kill(),
      onEnd: (_, problem) => this.#end(problem),
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get exited(): Promise<Exit> {
    return this.#process.exited;
  }

  send(asked: Asked): void {
    this.#open.push(asked);
    if (this.#open.length === 1) this.#beganAt = performance.now();
    const { id, request } = asked;
    if (request.type === 'run') this.#sendRun(id, request);
    else if (request.type === 'unload') setImmediate(() => this.#answer({ type: 'unloaded' }));
    else void this.#load(id, request.type === 'load' ? request : undefined);
  }

  kill(): void {
    this.#process.kill();
  }

  /** @param request undefined: the process is only asked what it takes and gives. */
  async #load(id: number, request: LoadRequest | undefined): Promise<void> {
    const { maxMib } = this.#options;
    try {
      await this.#ready.promise;
      if (maxMib > 0 && this.pid !== undefined) await limitMemory(this.pid, maxMib);
    } catch (error) {
      // If it has just ended, its own last words say more.
      await Promise.race([this.exited, sleep(CLOSE_WITHIN_MS)]);
      this.#answer({ type: 'refused', reason: `it could not be started: ${messageOf(error)}` });
      return;
    }
    this.#manifest = request?.manifest ?? this.#manifest;
    this.#process.write({ id, type: 'load', ...fieldsOf(this.#manifest) });
  }

  #sendRun(id: number, request: RunRequest): void {
    const columns = columnsIn(request);
    const { columns: described, parts } = frameColumns(shapedColumnsOf(columns));
    const rows = rowsOf(this.#manifest, columns);
    this.#process.write({ id, type: 'run', rows, columns: described }, parts);
  }

  /** The largest body that the request at work may be answered with. */
  #maxBodyBytes(): number {
    const request = this.#open[0]?.request;
    if (request?.type !== 'run') return NO_BODY;
    return mostAnswerBytes(this.#manifest, rowsOf(this.#manifest, columnsIn(request)));
  }

  #hear(frame: Frame): void {
    const { type, id, protocol } = frame.header;
    if (type === 'ready') {
      if (protocol !== PROTOCOL)
        throw new FrameFault(`ready must name protocol ${PROTOCOL}, got ${protocol}`);
      this.#ready.resolve();
      return;
    }
    const [atWork] = this.#open;
    if (atWork === undefined || atWork.id !== id)
      throw new FrameFault(
        `an answer must have the id ${atWork?.id ?? 'of a request'}, got ${JSON.stringify(id)}`,
      );
    const isRun = atWork.request.type === 'run';
    if (isRun && type === 'partial')
      this.#events.partial(atWork.id, () => outputTensorsOf(readColumns(frame.header.columns, frame.body)));
    else this.#answer(isRun ? this.#ranAs(frame) : this.#loadedAs(frame, atWork));
  }

  #ranAs({ header, body }: Frame): SessionAnswer {
    if (header.type === 'failed') return { type: 'failed', reason: reasonIn(header) };
    if (header.type !== 'ran') throw new FrameFault(`a run is answered by ran or failed, got ${header.type}`);
    const computeMs = performance.now() - this.#beganAt;
    const columns = readColumns(header.columns, body);
    const wrong = this.#manifest.outputs.find(
      (output) =>
        columns[output.tensor] !== undefined && columns[output.tensor]?.type !== tensorTypeOf(output),
    );
    if (wrong === undefined) return { type: 'ran', outputs: outputTensorsOf(columns), computeMs };
    const got = columns[wrong.tensor]?.type;
    return { type: 'invalid', reason: `output ${wrong.tensor} must be ${tensorTypeOf(wrong)}, got ${got}` };
  }

  #loadedAs({ header }: Frame, { request }: Asked): SessionAnswer {
    if (header.type === 'refused') return { type: 'refused', reason: reasonIn(header) };
    if (header.type !== 'loaded')
      throw new FrameFault(`load is answered by loaded or refused, got ${header.type}`);
    const signature = header.metadata === undefined ? undefined : readSignature(header.metadata);
    if (request.type === 'describe')
      return signature === undefined
        ? { type: 'refused', reason: 'it has no metadata() that tells its inputs and outputs' }
        : { type: 'described', ...signature };
    const problems = signature === undefined ? [] : signatureProblems(this.#manifest, signature);
    if (problems.length > 0)
      return { type: 'refused', reason: `the version and the manifest disagree: ${problems.join('; ')}` };
    const { runtime, environment } = this.#options.launch;
    const inputs = this.#manifest.inputs.map(({ tensor }) => tensor);
    return {
      type: 'loaded',
      executionProvider: runtime,
      environment,
      inputs,
      passedOver: [],
      bytesBefore: 0,
    };
  }

  #answer(answer: SessionAnswer): void {
    const asked = this.#open.shift();
    if (asked === undefined) return;
    this.#beganAt = performance.now();
    const { id, request } = asked;
    if (request.type !== 'run' || request.measure) void this.#measured({ id, answer });
    else {
      this.#events.heard({ id, answer });
      this.#measureSoon();
    }
  }

  async #measured(answered: Answered): Promise<void> {
    const { pid = 0 } = this;
    if (answered.answer.type === 'loaded') await resetPeak(pid);
    this.#events.heard({ ...answered, peakBytes: await peakBytesOf(pid) });
  }

  #measureSoon(): void {
    this.#measuring ??= setTimeout(async () => {
      this.#measuring = undefined;
      this.#events.heard({ peakBytes: await peakBytesOf(this.pid ?? 0) });
    }, MEASURE_INTERVAL_MS).unref();
  }

  #end(problem?: string): void {
    clearTimeout(this.#measuring);
    const lastLine = this.#process.lastLineOf('stderr');
    const said = problem ?? (lastLine === '' ? '' : `it printed last: ${lastLine}`);
    this.#events.ended(new SessionCrashed('the session process died', said));
  }
}

function logLines(log: Logger): Omit<ChildLinesOptions, 'stream'> {
  return {
    linesASecond: LINES_A_SECOND,
    onLine: (line) => log.info({ line }, 'a version printed'),
    onLeftOut: (lines) => log.warn({ lines }, 'much of what a version printed is left out'),
  };
}

/** Pictures, sounds and texts have become tensors before, see `withMedia.ts`. */
function columnsIn({ columns }: RunRequest): Columns {
  return columns as Columns;
}

function reasonIn({ reason }: Frame['header']): string {
  return typeof reason === 'string' && reason !== '' ? shortText(reason) : 'it gave no reason';
}
