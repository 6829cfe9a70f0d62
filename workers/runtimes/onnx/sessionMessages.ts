/** What a session's process and its parent say to each other, as structured clones. */

import type { Manifest } from '../../../src/models/manifest.ts';
import type { Config } from '../../../src/process/config.ts';
import type { Columns, OutputTensors } from './encoder.ts';
import type { GraphSignature } from './signature.ts';

/** Parent to child. */
export interface Asked {
  readonly id: number;
  readonly request: SessionRequest;
}

/** Child to parent: one for each request, with its id. */
export interface Answered {
  readonly id: number;
  readonly answer: SessionAnswer;
}

/** First one `load`, then `run` after `run`. */
export type SessionRequest =
  | LoadRequest
  | RunRequest
  /** What a file says of itself, whatever is loaded. */
  | { readonly type: 'describe'; readonly file: string };

export interface LoadRequest {
  readonly type: 'load';
  /** Path of `model.onnx`. */
  readonly file: string;
  /** Hex SHA-256 the file must have. */
  readonly sha256: string;
  readonly manifest: Pick<Manifest, 'inputs' | 'outputs'>;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
}

export interface RunRequest {
  readonly type: 'run';
  readonly columns: Columns;
  /** Whether the answer is to have the peak of memory as it is now. */
  readonly measure: boolean;
}

export type SessionAnswer =
  | {
      readonly type: 'loaded';
      readonly executionProvider: string;
      /** Tensors that the graph takes: a version may leave out what a task may leave out. */
      readonly inputs: readonly string[];
      /** Why providers named earlier could not be used. */
      readonly passedOver: readonly string[];
      /** What the process takes up. */
      readonly peakBytes: number;
    }
  /** The file or the configuration is wrong: to start again would not help. */
  | { readonly type: 'refused'; readonly reason: string }
  | {
      readonly type: 'ran';
      readonly outputs: OutputTensors;
      readonly computeMs: number;
      /** The most that the process has taken up since it was loaded, as measured last: not for each run. */
      readonly peakBytes: number;
    }
  | { readonly type: 'failed'; readonly reason: string }
  | ({ readonly type: 'described' } & GraphSignature);
