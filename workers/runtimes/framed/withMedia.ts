/**
 * Pictures, sounds and texts for versions that are code: they get tensors, as an ONNX graph does. A process beside that
 * of the version decodes the files. If it dies, the process of the version is ended, too: to the worker both are one.
 *
 *  plain  no version with such inputs or outputs is loaded. Requests and answers are passed on as they are.
 *  media  runs are done one after another: decoded, run by the version, and answered.
 */
import { messageOf } from '../../../src/contract/errors.ts';
import { graphOutputsOf, isMediaInput, isMediaOutput } from '../../../src/models/manifest.ts';
import { MediaProcess } from '../../media/mediaProcess.ts';
import type { ChildEvents, Exit, ModelChild, StartChild } from '../modelChild.ts';
import type { OutputTensors } from '../onnx/decoder.ts';
import { peakBytesOf } from '../processMemory.ts';
import type { Answered, Asked, LoadRequest, Measured, RunRequest } from '../sessionMessages.ts';

export interface WithMediaOptions {
  /** Starts the process of the version. */
  readonly start: StartChild;
  /** Of the version. */
  readonly folder: string;
  /** The memory limit of each process in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
}

export function withMedia(options: WithMediaOptions): StartChild {
  return (events) => new ChildWithMedia(options, events);
}

class ChildWithMedia implements ModelChild {
  readonly #options: WithMediaOptions;
  readonly #events: ChildEvents;
  readonly #child: ModelChild;
  #media: MediaProcess | undefined;
  /** The outputs that media outputs are made of, and those that the worker decodes. */
  #used: readonly [forMedia: ReadonlySet<string>, forWorker: ReadonlySet<string>] = [new Set(), new Set()];
  /** Resolves once all runs so far are answered. */
  #runs = Promise.resolve();
  /** The run that the version's process has. */
  #running: { readonly id: number; readonly resolve: (answered: Answered) => void } | undefined;

  constructor(options: WithMediaOptions, events: ChildEvents) {
    this.#options = options;
    this.#events = events;
    this.#child = options.start({
      heard: (message) => this.#hear(message),
      partial: (id, read) => events.partial(id, read),
      ended: (fault) => {
        this.#media?.kill();
        events.ended(fault);
      },
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exited(): Promise<Exit> {
    return this.#child.exited.then(async (exit) => {
      await this.#media?.exited;
      return exit;
    });
  }

  send(asked: Asked): void {
    const { id, request } = asked;
    const media = this.#media;
    if (request.type === 'load' && hasMedia(request.manifest)) void this.#load(asked, request);
    else if (media === undefined) this.#child.send(asked);
    else if (request.type === 'run') this.#runs = this.#runs.then(() => this.#run(id, request, media));
    else this.#runs = this.#runs.then(() => this.#child.send(asked));
  }

  kill(): void {
    this.#media?.kill();
    this.#child.kill();
  }

  async #load(asked: Asked, { manifest }: LoadRequest): Promise<void> {
    const { folder, maxMib } = this.#options;
    const [media, others] = [
      manifest.outputs.filter(isMediaOutput),
      manifest.outputs.filter((output) => !isMediaOutput(output)),
    ];
    this.#used = [new Set(media.flatMap(graphOutputsOf)), new Set(others.map(({ tensor }) => tensor))];
    this.#media = new MediaProcess({ manifest, folder, maxMib, onEnd: () => this.#child.kill() });
    try {
      await this.#media.open();
    } catch (error) {
      this.#events.heard({ id: asked.id, answer: { type: 'refused', reason: messageOf(error) } });
      return;
    }
    this.#child.send(asked);
  }

  async #run(id: number, request: RunRequest, media: MediaProcess): Promise<void> {
    const startedAt = performance.now();
    const took = () => performance.now() - startedAt;
    try {
      const rows = await media.decode(request.columns);
      const { faults, sizes, padded } = rows;
      const nothing = { faults, sizes, padded, columns: new Map(), problems: new Map() };
      if (faults.size === rows.count)
        return await this.#tell({
          id,
          answer: { type: 'ran', outputs: {}, media: nothing, computeMs: took() },
        });
      const answered = await this.#runInVersion({ id, request: { ...request, columns: rows.columns } });
      const { answer } = answered;
      if (answer.type !== 'ran') return await this.#tell(answered);
      const [forMedia, forWorker] = this.#used;
      const made = forMedia.size === 0 ? nothing : await media.answer(only(answer.outputs, forMedia));
      const outputs = only(answer.outputs, forWorker);
      await this.#tell({ ...answered, answer: { ...answer, outputs, media: made, computeMs: took() } });
    } catch (error) {
      const type = error instanceof RangeError ? 'invalid' : 'failed';
      await this.#tell({ id, answer: { type, reason: messageOf(error) } });
    }
  }

  #runInVersion(asked: Asked): Promise<Answered> {
    const { promise, resolve } = Promise.withResolvers<Answered>();
    this.#running = { id: asked.id, resolve };
    this.#child.send(asked);
    return promise;
  }

  #hear(message: Answered | Measured): void {
    if ('id' in message && message.id === this.#running?.id) {
      this.#running.resolve(message);
      this.#running = undefined;
    } else void this.#tell(message);
  }

  /** The memory of both processes counts. */
  async #tell(message: Answered | Measured): Promise<void> {
    const { peakBytes } = message;
    const pid = this.#media?.pid;
    const isMeasured = peakBytes !== undefined && pid !== undefined;
    this.#events.heard(
      isMeasured ? { ...message, peakBytes: peakBytes + (await peakBytesOf(pid)) } : message,
    );
  }
}

function hasMedia({ inputs, outputs }: LoadRequest['manifest']): boolean {
  return inputs.some(isMediaInput) || outputs.some(isMediaOutput);
}

function only(outputs: OutputTensors, names: ReadonlySet<string>): OutputTensors {
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => names.has(name)));
}
