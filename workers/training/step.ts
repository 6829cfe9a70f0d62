/**
 * A step of work, as the trainer runs it. The trainer takes its job, keeps its lease, stores what it gave and queues the
 * next step; a step only computes.
 */
import type { Artifacts } from '../../src/contract/artifact.ts';
import type { StepJob, StepResult } from '../../src/contract/messages/work.ts';
import type { TaskErrorCode } from '../../src/contract/task.ts';
import type { ArtifactFile, Progress, StepName } from '../../src/contract/work.ts';
import type { Model } from '../../src/models/models.ts';
import type { Logger } from '../../src/process/log.ts';

export interface StepContext {
  readonly job: StepJob;
  readonly model: Model;
  /** An empty folder for its files. It is removed after the step. */
  readonly folder: string;
  /** What the steps before gave, see `StepResult.output`. */
  readonly earlier: ReadonlyMap<StepName, StepResult['output']>;
  readonly artifacts: Artifacts;
  /** Where the try before this one had come to. */
  readonly checkpoint: ArtifactFile | undefined;
  /** Aborted when the task is cancelled or expires, or when the trainer stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Tells how far it is. It may be called as often as wanted. */
  report(progress: Omit<Progress, 'at'>): void;
  /** Shows beside the stage what it does now; undefined takes it back. */
  note(text: string | undefined): void;
  /** Writes a line into the log of the task, which operators read. */
  write(line: string): void;
  /** Stores a file where the next try begins. */
  keep(file: string): Promise<void>;
}

/** What a step gives: an output for later steps, and a note for people. */
export interface StepOutcome {
  readonly output: StepResult['output'];
  readonly note?: string | undefined;
}

export type Step = (context: StepContext) => Promise<StepOutcome>;

/** Thrown by a step that fails by its own fault: its task ends, and no further try is made. */
export class StepFailed extends Error {
  readonly code: TaskErrorCode;

  constructor(code: TaskErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
