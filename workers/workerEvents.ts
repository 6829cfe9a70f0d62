/** Events of a worker's jobs and sessions. Metrics listen. */
import type { NamedVersion } from '../src/contract/messages/presence.ts';
import { Events } from '../src/process/events.ts';

export interface WorkerEventMap {
  /** A run is over, whether it failed or not. */
  readonly ran: NamedVersion & {
    readonly rows: number;
    /** How many rows it could have had. */
    readonly maxRows: number;
    readonly computeMs: number;
    readonly hasFailed: boolean;
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
