/** Operations over POST. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf, RequestErrorCode } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { RequestRefused, refuse } from './answers.ts';
import { type BodyOptions, BodyReader } from './body.ts';
import { mediaTypeOf } from './csrf.ts';
import type { EdgeIdentity } from './identity.ts';
import type { LargeRequests } from './largeRequests.ts';
import type { OperationAnswers, Reading } from './operationAnswers.ts';
import type { Reservation } from './reservation.ts';

export interface PostOptions extends BodyOptions {
  readonly largeRequests: LargeRequests;
  readonly log: Logger;
}

/**
 * Reads only JSON: any web page can send forms, multipart and plain text without a preflight. A refused body is not
 * read; Node drops it. Closing the connection would keep the answer from a client that is still sending.
 */
export function postHandler(answers: OperationAnswers, { log, largeRequests, ...options }: PostOptions) {
  const bodies = new BodyReader(options);
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    identity: EdgeIdentity,
  ): Promise<void> => {
    const contentType = request.headers['content-type'];
    if (mediaTypeOf(contentType) !== 'application/json') {
      const message = `content-type must be application/json, got ${JSON.stringify(contentType ?? 'none')}.`;
      return refuse(request, response, { status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
    }
    let asked: Asked;
    try {
      asked = await readRequest(request, identity, { bodies, answers, largeRequests });
    } catch (error) {
      if (error instanceof RequestRefused || !request.destroyed) throw error;
      log.debug({ reason: messageOf(error) }, 'a client left before its body was complete');
      return;
    }
    using _reservation = asked.reservation;
    await answers.answer(answers.admitted(asked.reading, identity, request), { request, response, identity });
  };
}

interface Asked {
  readonly reservation: Reservation;
  readonly reading: Reading;
}

interface Readers extends Pick<PostOptions, 'largeRequests'> {
  readonly bodies: BodyReader;
  readonly answers: OperationAnswers;
}

/** A function of its own, so that the body can be freed before the answer, which may take long. */
async function readRequest(
  request: IncomingMessage,
  { principal }: EdgeIdentity,
  { bodies, answers, largeRequests }: Readers,
): Promise<Asked> {
  const { text, reservation } = await bodies.read(request);
  try {
    const turn = largeRequests.turn(principal.owner, text.length);
    if (turn !== undefined) await turn;
    const { reading, length } = answers.readBody(request, text);
    reservation.change(length);
    return { reservation, reading };
  } catch (error) {
    reservation[Symbol.dispose]();
    throw error;
  }
}
