/** Uploads files to the store of artifacts. What is there already is not sent again. */
import { createReadStream } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gateway, GatewayError } from '../gateway.ts';
import type { FoundFile } from './dataFiles.ts';

// An import of it would load undici.
const { request: httpRequest } = process.getBuiltinModule('node:http');

interface UploadOptions {
  readonly gateway: Pick<Gateway, 'url' | 'login'>;
  readonly signal: AbortSignal;
}

/** What a gateway answers to a request for bytes. */
interface Answer {
  readonly status: number;
  /** If it is busy. */
  readonly retryAfterMs: number | undefined;
  readonly text: string;
}

const TRIES = 5;
/** A gateway that is started again may take as long. */
const AWAY_WITHIN_MS = 60_000;
const RETRY_MS = 1_000;
/** The status of a gateway that is not ready. */
const BUSY = 503;

/** @returns the files that are not in the store, each once. @throws {GatewayError} */
export async function missingFiles(
  files: readonly FoundFile[],
  options: UploadOptions,
): Promise<readonly FoundFile[]> {
  const missing: FoundFile[] = [];
  for (const file of files) {
    if (file.isInFolder || missing.some(({ sha256 }) => sha256 === file.sha256)) continue;
    const { status, text } = await repeat(file, options, () => send(file, 'HEAD', options));
    if (status === 404) missing.push(file);
    else if (status !== 200) throw refused(file, status, text);
  }
  return missing;
}

/** @param sent is called with the bytes that were sent, negative if they must be sent again. @throws {GatewayError} */
export async function upload(
  file: FoundFile,
  options: UploadOptions,
  sent: (bytes: number) => void,
): Promise<void> {
  const { status, text } = await repeat(file, options, async () => {
    let bytes = 0;
    const count = (more: number) => {
      bytes += more;
      sent(more);
    };
    try {
      const answer = await send(file, 'PUT', options, count);
      if (answer.status >= 300) sent(-bytes);
      return answer;
    } catch (error) {
      sent(-bytes);
      throw error;
    }
  });
  if (status >= 300) throw refused(file, status, text);
}

/** Sends again if the connection breaks, or the gateway is busy or away. */
async function repeat(
  { path }: FoundFile,
  { signal }: UploadOptions,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  let awaySince: number | undefined;
  for (let tries = 1; ; ) {
    try {
      const answer = await ask();
      if (answer.retryAfterMs === undefined || tries === TRIES) return answer;
      tries++;
      await sleep(answer.retryAfterMs, undefined, { signal });
    } catch (cause) {
      if (signal.aborted || !(cause instanceof Error && 'code' in cause)) throw cause;
      if (cause.code === 'ECONNREFUSED') awaySince ??= performance.now();
      else {
        awaySince = undefined;
        tries++;
      }
      const isAwayForLong = performance.now() - (awaySince ?? performance.now()) > AWAY_WITHIN_MS;
      if (tries > TRIES || isAwayForLong)
        throw new GatewayError(`${path} cannot be uploaded: the connection broke (${cause.code})`, { cause });
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}

async function send(
  { path, sha256, bytes }: FoundFile,
  method: 'HEAD' | 'PUT',
  { gateway, signal }: UploadOptions,
  sent: (bytes: number) => void = () => {},
): Promise<Answer> {
  const url = new URL(`/artifacts/${sha256}`, gateway.url);
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers: { ...gateway.login, ...(method === 'PUT' ? { 'content-length': bytes } : {}) },
    signal,
  });
  const answered = new Promise<Answer>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', async (response) => {
      const pieces: Buffer[] = [];
      try {
        for await (const piece of response) pieces.push(piece as Buffer);
        const { statusCode = 0, headers } = response;
        const seconds = headers['retry-after'] ?? (statusCode === BUSY ? '1' : undefined);
        const retryAfterMs = seconds === undefined ? undefined : 1_000 * Number(seconds);
        resolve({ status: statusCode, retryAfterMs, text: Buffer.concat(pieces).toString() });
      } catch (error) {
        reject(error);
      }
    });
  });
  if (method === 'HEAD') request.end();
  else {
    const counting = new Transform({
      transform(piece: Buffer, _encoding, done) {
        sent(piece.length);
        done(null, piece);
      },
    });
    // A gateway that refuses answers before it has read all. Its answer tells more than the broken pipe.
    pipeline(createReadStream(path), counting, request, { signal }).catch(() => {});
  }
  return answered;
}

function refused({ path }: FoundFile, status: number, text: string): GatewayError {
  return new GatewayError(
    `${path} was not taken (status ${status}): ${messageIn(text) ?? 'no reason given'}`,
  );
}

/** The message of an answer in GraphQL's form. */
function messageIn(text: string): string | undefined {
  try {
    const { errors } = JSON.parse(text) as { readonly errors?: readonly { readonly message: string }[] };
    return errors?.[0]?.message;
  } catch {
    return undefined;
  }
}
