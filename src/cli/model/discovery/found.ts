/** What trial runs are asked for a graph, and what they find out. */
import type { Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import type { GraphSignature } from '../../../../workers/runtimes/onnx/signature.ts';
import type { Axis, Shape, TensorType } from '../../../models/manifest.ts';
import type { Padding } from './padding.ts';
import type { TrialRuns } from './trialRuns.ts';
import type { Port } from './trialValues.ts';

/** An input or output of the graph as a manifest describes it. */
export interface FoundField {
  readonly tensor: string;
  readonly type: TensorType;
  readonly batchAxis: number | null;
  /** Of one row. Names are those of `axes`. */
  readonly shape: Shape;
}

export interface FoundOutput extends FoundField {
  /** Whether it had numbers in the trial runs that are infinite or none. */
  readonly isOpen: boolean;
}

export interface Found {
  readonly inputs: readonly (FoundField & Pick<Port, 'hint'>)[];
  readonly outputs: readonly FoundOutput[];
  readonly axes: ReadonlyMap<string, Axis>;
  /** How rows of different sizes share a run; undefined if they do not. */
  readonly padding: Padding | undefined;
  /** Whether a run may have any number of rows. */
  readonly isBatched: boolean;
  readonly maxBatchSize: number;
  readonly fixedBatchSize: number | undefined;
  /** Rows that the graph answers. Their batch axis has the size 1. */
  readonly rows: readonly Columns[];
  /** What was decided, and why: a sentence each. */
  readonly decisions: readonly string[];
}

/** Why a graph cannot be described: it answers no row, or by chance. */
export class NotFound extends Error {
  readonly kind: 'noRun' | 'chance' | 'rank';

  constructor(kind: NotFound['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface DiscoverOptions {
  readonly runs: TrialRuns;
  readonly ports: readonly Port[];
  readonly signature: GraphSignature;
  /** The outputs that are served. */
  readonly outputs: readonly string[];
  /** The difference between equal answers, as a fraction of the largest number. */
  readonly relative: number;
  /** Whether operators make outputs whose size depends on the values of the inputs. */
  readonly hasOpenSizes: boolean;
  /** Whether numbers are scaled over a whole run, so that a row depends a little on the others. */
  readonly scalesOverRun: boolean;
  readonly runTimeoutMs: number;
}
