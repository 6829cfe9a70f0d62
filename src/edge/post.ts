/** Operations over POST. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../config.ts';
import { messageOf, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { refuse } from './answers.ts';
import { mediaTypeOf } from './csrf.ts';
import type { OperationAnswers, Reading } from './operationAnswers.ts';
import { paramsOfBody } from './params.ts';

export interface PostOptions {
  readonly config: Pick<Config, 'maxBodyBytes'>;
  readonly log: Logger;
}

/**
 * Forms, multipart and plain text can be sent by any web page without asking: only JSON is read. What is refused here
 * is not read; Node drops it, since closing the connection would keep the answer from a client that is still sending.
 */
export function postHandler(answers: OperationAnswers, options: PostOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reading = await receive(request, response, answers, options);
    if (reading !== undefined) await answers.answer(reading, request, response);
  };
}

/** @returns undefined for a request that has been refused, or whose client has left. */
async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  answers: OperationAnswers,
  { config: { maxBodyBytes: limit }, log }: PostOptions,
): Promise<Reading | undefined> {
  const contentType = request.headers['content-type'];
  if (mediaTypeOf(contentType) !== 'application/json') {
    const message = `content-type must be application/json, got ${JSON.stringify(contentType ?? 'none')}.`;
    await refuse(request, response, { status: 415, code: RequestErrorCode.UnsupportedMediaType, message });
    return undefined;
  }
  const length = request.headers['content-length'];
  const refuseAsTooLarge = async (got: string): Promise<undefined> => {
    await refuse(request, response, {
      status: 413,
      code: RequestErrorCode.PayloadTooLarge,
      message: `A body may have ${limit} bytes at most (MAX_BODY_BYTES of the gateway), got ${got}.`,
      details: { limit },
    });
  };
  if (length !== undefined && Number(length) > limit) return refuseAsTooLarge(length);
  try {
    const body = await readBody(request, limit);
    if (body === undefined) return refuseAsTooLarge('more');
    return answers.read(request, () => paramsOfBody(body));
  } catch (error) {
    if (!request.destroyed) throw error;
    log.debug({ reason: messageOf(error) }, 'a client left before its body was complete');
    return undefined;
  }
}

/** @returns undefined if it has more bytes than the limit. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > limit) {
      request.resume();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
