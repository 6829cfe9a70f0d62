/** Events of a worker's jobs and sessions. */
import type { EndsPart, Run } from '../src/contract/messages/ends.ts';
import type { NamedVersion } from '../src/contract/messages/presence.ts';
import type { TaskErrorCode } from '../src/contract/task.ts';
import type { TaskFields } from '../src/contract/trace.ts';
import { Events } from '../src/process/events.ts';

export interface WorkerEventMap {
  /** A run is over. */
  readonly ran: NamedVersion & {
    /** The same object that the ends of its tasks have. */
    readonly run: Run;
    /** How many rows it could have had. */
    readonly maxRows: number;
    /** Its number among the runs of its rows that this worker knows of, from 1. */
    readonly attempt: number;
    /** When this attempt began, broker time: the first one when the batch was formed. */
    readonly begunAt: number;
    /** Why it failed, if it did. */
    readonly errorCode: TaskErrorCode | undefined;
    /** W3C `traceparent` of its tasks, as far as they have one. Made for a listener that asks. */
    readonly traces: () => readonly string[];
  };
  /** Ends are stored. */
  readonly stored: {
    readonly model: string;
    readonly part: EndsPart;
    /** @param i the place of a row in the lists of the part. */
    readonly fieldsOf: (i: number) => TaskFields;
  };
  /** A job came that the broker had delivered before. */
  readonly redelivered: NamedVersion;
  /** A row runs alone, since it may have killed a session. */
  readonly suspected: NamedVersion;
  /** A job is kept as a dead letter. */
  readonly died: NamedVersion;
  /** A version was loaded and checked. */
  readonly loaded: NamedVersion & { readonly tookMs: number };
}

export class WorkerEvents extends Events<WorkerEventMap> {}
