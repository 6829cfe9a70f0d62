/** What a worker tells tracing. The line calls it only if spans are exported; it returns at once and throws nothing. */
import type { EndsPart, Run } from '../src/contract/messages/ends.ts';

/** A run that is over. */
export interface TracedRun {
  readonly model: string;
  readonly version: string;
  /** W3C `traceparent` of its tasks, as far as they have one. */
  readonly traces: readonly string[];
  /** Why it failed, if it did. */
  readonly errorCode?: string | undefined;
}

/** Ends that are stored. */
export interface TracedEnds {
  readonly model: string;
  readonly part: EndsPart;
  /** @param i the place of a row in the lists of the part. */
  readonly taskIdOf: (i: number) => string;
}

export interface RunTracing {
  /** @param run the same object that the ends of its tasks have. */
  ran(run: Run, traced: TracedRun): void;
  stored(ends: TracedEnds): void;
}
