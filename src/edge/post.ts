/** Operations over POST: what has to be true of a body before the pipeline reads it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type { Config } from '../config.ts';
import { messageOf, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';

export interface PostOptions {
  readonly config: Pick<Config, 'maxBodyBytes'>;
  readonly log: Logger;
}

/**
 * Forms, multipart and plain text can be sent by any web page without asking: only JSON is read. What is refused here
 * is not read; Node drops it, since closing the connection would keep the answer from a client that is still sending.
 */
export function postHandler(
  { answer }: GraphQLPipeline,
  { config: { maxBodyBytes: limit }, log }: PostOptions,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const contentType = request.headers['content-type'];
    if (contentType?.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
      const message = `content-type must be application/json, got ${JSON.stringify(contentType ?? 'none')}.`;
      return refuse(request, response, 415, message, { code: RequestErrorCode.UnsupportedMediaType });
    }
    const length = request.headers['content-length'];
    const tooLarge = (got: string) =>
      refuse(
        request,
        response,
        413,
        `A body may have ${limit} bytes at most (MAX_BODY_BYTES of the gateway), got ${got}.`,
        { code: RequestErrorCode.PayloadTooLarge, limit },
      );
    if (length !== undefined && Number(length) > limit) return tooLarge(length);
    if (length !== undefined) return void (await answer(request, response));
    try {
      const body = await readBody(request, limit);
      if (body === undefined) return tooLarge('more');
      return void (await answer(Object.assign(request, { body }), response));
    } catch (error) {
      if (!request.destroyed) throw error;
      log.debug({ reason: messageOf(error) }, 'a client left before its body was complete');
    }
  };
}

/** A body whose length was not told. @returns undefined if it has more bytes than the limit. */
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

async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
  extensions: object,
): Promise<void> {
  if (!response.shouldKeepAlive) {
    // Node closes such a connection with the end of the answer: a client that is still sending would not get it.
    request.resume();
    await finished(request).catch(() => {});
  }
  answerJson(response, status, { errors: [{ message, extensions }] });
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
