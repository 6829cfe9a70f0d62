/** Events of the clients of a gateway. */
import { Events } from '../process/events.ts';

export interface EdgeEventMap {
  /** A connection was closed, since its client did not read. */
  readonly tooSlow: { readonly transport: 'websocket' | 'http' };
}

export class EdgeEvents extends Events<EdgeEventMap> {}
