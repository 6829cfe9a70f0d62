/** Tells whose tasks a client may submit and see. */
import type { IncomingMessage } from 'node:http';
import { ANONYMOUS, type Owner } from '../contract/owner.ts';

/** @param _request over WebSocket, the upgrade. There is no login yet, so it does not matter. */
export function ownerOf(_request: IncomingMessage): Owner {
  return ANONYMOUS;
}
