/** The messages between a process that has models loaded and its parent. To sessions of ONNX they go as structured clones. */

import type { Config } from '../../src/process/config.ts';
import type { RunOutputs } from './onnx/decoder.ts';
import type { Columns, GivenColumns } from './onnx/encoder.ts';
import type { GraphManifest, GraphSignature } from './onnx/signature.ts';

/** Parent to child. */
export interface Asked {
  readonly id: number;
  readonly request: SessionRequest;
}

/** Child to parent: one for each request, with its id. */
export interface Answered {
  readonly id: number;
  readonly answer: SessionAnswer;
  /** As in `Measured`, after a request that measures. */
  readonly peakBytes?: number;
}

/** Child to parent: at most one a second, after runs. */
export interface Measured {
  /** The memory of the process: what it has now, and what runs took more since the last load. */
  readonly peakBytes: number;
}

export type SessionRequest =
  | LoadRequest
  | RunRequest
  /** Closes the session of a loaded model. */
  | { readonly type: 'unload'; readonly model: number }
  | DescribeRequest
  | TryRequest;

/** Describes a file, independent of the loaded ones, and keeps it for trials until the next description. */
export interface DescribeRequest extends Pick<LoadRequest, 'file' | 'beside'> {
  readonly type: 'describe';
}

/** Runs the described file, whose manifest is not known yet. */
export interface TryRequest {
  readonly type: 'try';
  readonly columns: Columns;
  readonly fetches: readonly string[];
}

export interface LoadRequest {
  readonly type: 'load';
  /** The number that further requests name the model by. */
  readonly model: number;
  /** Path of `model.onnx`. */
  readonly file: string;
  /** Hex SHA-256 the file must have. */
  readonly sha256: string;
  /** The names of other files of the folder in which it may keep weights. Their digests were checked before. */
  readonly beside: readonly string[];
  readonly manifest: GraphManifest;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
}

export interface RunRequest {
  readonly type: 'run';
  readonly model: number;
  readonly columns: GivenColumns;
  /** Whether the answer must have the present peak of memory. */
  readonly measure: boolean;
}

export type SessionAnswer =
  | {
      readonly type: 'loaded';
      /** Of ONNX Runtime; the runtime of a version that is code. */
      readonly executionProvider: string;
      /** What a version that is code runs in, in words. */
      readonly environment?: string | undefined;
      /** The tensors that the graph takes. A version may lack inputs that a task may leave out. */
      readonly inputs: readonly string[];
      /** Why providers named earlier could not be used. */
      readonly passedOver: readonly string[];
      /** The memory of the process before. */
      readonly bytesBefore: number;
    }
  /** The file or the configuration is wrong. A new start would not help. */
  | { readonly type: 'refused'; readonly reason: string }
  | ({
      readonly type: 'ran';
      readonly computeMs: number;
    } & RunOutputs)
  | { readonly type: 'failed'; readonly reason: string }
  /** The outputs are not of the types that the manifest gives them. */
  | { readonly type: 'invalid'; readonly reason: string }
  | { readonly type: 'unloaded' }
  | ({ readonly type: 'described' } & GraphSignature);
