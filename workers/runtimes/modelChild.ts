/**
 * A child process that has models loaded, as `SessionProcess` sees it. It answers requests one after another, in order.
 * How it is spoken to is the matter of its runtime: `onnx/onnxChild.ts`, `framed/framedChild.ts`.
 */
import type { OutputTensors } from './onnx/decoder.ts';
import type { Answered, Asked, Measured } from './sessionMessages.ts';

/** How a process ended; both null if it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ModelChild {
  readonly pid: number | undefined;
  /** Resolves once it has ended and its last answers are read. */
  readonly exited: Promise<Exit>;
  send(asked: Asked): void;
  /** Ends it, and the processes that it has started. */
  kill(): void;
}

/** Reads outputs that were received. @throws {Error} if they cannot be read. */
export type ReadOutputs = () => OutputTensors;

export interface ChildEvents {
  /** It has answered a request, or has been measured. */
  heard(message: Answered | Measured): void;
  /** The run at work has outputs already, before it is over. @param read reads them. */
  partial(id: number, read: ReadOutputs): void;
  /** No more answers will come. @param fault what the request at work fails with, unless the process just died */
  ended(fault?: Error): void;
}

export type StartChild = (events: ChildEvents) => ModelChild;
