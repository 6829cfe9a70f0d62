/** The process of `mediaChild.ts`, on the side of its parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { withoutSecrets } from '../../src/process/config.ts';
import type { OutputTensors } from '../runtimes/onnx/decoder.ts';
import type { GivenColumns } from '../runtimes/onnx/encoder.ts';
import { endWithUs } from '../runtimes/processGuard.ts';
import type { MadeRows, MediaAnswer, MediaManifest } from './media.ts';

type MediaRequest =
  | { readonly type: 'open'; readonly manifest: MediaManifest; readonly folder: string }
  | { readonly type: 'decode'; readonly columns: GivenColumns }
  /** The outputs of the rows that were decoded last. */
  | { readonly type: 'answer'; readonly outputs: OutputTensors };

export type MediaReply =
  | { readonly type: 'opened' }
  | { readonly type: 'decoded'; readonly rows: DecodedRows }
  | { readonly type: 'answered'; readonly answer: MediaAnswer }
  | { readonly type: 'invalid' | 'failed'; readonly reason: string };

/** Parent to child. */
export interface MediaAsked {
  readonly id: number;
  readonly request: MediaRequest;
}

/** Child to parent: one for each request. */
export interface MediaAnswered {
  readonly id: number;
  readonly reply: MediaReply;
}

/** What the child keeps is only for itself. */
export type DecodedRows = Omit<MadeRows, 'made'>;

export interface MediaProcessOptions {
  readonly manifest: MediaManifest;
  /** Of the version. */
  readonly folder: string;
  /** The memory limit in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
  /** Called once if it ends by itself. */
  readonly onEnd: () => void;
}

export class MediaProcess {
  readonly #child: ChildProcess;
  /** Requests without an answer, by their ids. */
  readonly #open = new Map<number, (reply: MediaReply) => void>();
  readonly #options: MediaProcessOptions;
  readonly #exit = Promise.withResolvers<void>();
  #requests = 0;
  #isEnding = false;

  constructor(options: MediaProcessOptions) {
    const { maxMib } = options;
    this.#options = options;
    this.#child = fork(join(import.meta.dirname, 'mediaChild.ts'), [String(maxMib)], {
      serialization: 'advanced',
      env: withoutSecrets(process.env),
    });
    const guard = endWithUs(this.#child.pid);
    this.#child.on('message', ({ id, reply }: MediaAnswered) => {
      this.#open.get(id)?.(reply);
      this.#open.delete(id);
    });
    const end = () => {
      guard?.kill('SIGKILL');
      this.#exit.resolve();
      if (!this.#isEnding) options.onEnd();
      this.#isEnding = true;
    };
    this.#child.once('exit', end);
    this.#child.once('error', end);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exited(): Promise<void> {
    return this.#exit.promise;
  }

  /** Makes it ready for the version. @throws {Error} if it cannot be: a tokenizer is wrong, for example. */
  async open(): Promise<void> {
    const { manifest, folder } = this.#options;
    const reply = await this.#ask({ type: 'open', manifest, folder });
    if (reply.type !== 'opened') throw new Error(reasonIn(reply));
  }

  /** As `Media.decode`. It never answers if the process ends meanwhile. */
  async decode(columns: GivenColumns): Promise<DecodedRows> {
    const reply = await this.#ask({ type: 'decode', columns });
    if (reply.type === 'decoded') return reply.rows;
    throw new Error(reasonIn(reply));
  }

  /** As `Media.answer`, for the rows that were decoded last. It never answers if the process ends meanwhile. */
  async answer(outputs: OutputTensors): Promise<MediaAnswer> {
    const reply = await this.#ask({ type: 'answer', outputs });
    if (reply.type === 'answered') return reply.answer;
    throw reply.type === 'invalid' ? new RangeError(reply.reason) : new Error(reasonIn(reply));
  }

  kill(): void {
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
  }

  #ask(request: MediaRequest): Promise<MediaReply> {
    const id = ++this.#requests;
    const { promise, resolve } = Promise.withResolvers<MediaReply>();
    this.#open.set(id, resolve);
    this.#child.send({ id, request } satisfies MediaAsked, () => {});
    return promise;
  }
}

function reasonIn(reply: MediaReply): string {
  return 'reason' in reply ? reply.reason : `unexpected answer ${reply.type}`;
}
