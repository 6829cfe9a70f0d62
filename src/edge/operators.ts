/** Operators may see and undo what went wrong: they are known by a token, or by being on the gateway's own machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { isLoopbackHost } from './hosts.ts';
import { TokenAttempts } from './tokenAttempts.ts';

/** What is known of a client that asks for what is for operators. */
interface Asker {
  /** As the HTTP header has it: `Bearer` and the token. */
  readonly authorization: unknown;
  /** The name under which the request came. */
  readonly hostHeader: string | undefined;
  /** From which the connection comes: of the client, or of a proxy. */
  readonly address: string | undefined;
}

/**
 * Lets operators pass.
 *
 * @throws {RequestError} `FORBIDDEN` to anybody else, `TOO_MANY_ATTEMPTS` where too many wrong tokens came.
 */
type OperatorGate = (asker: Asker) => Promise<void>;

export interface OperatorOptions {
  readonly config: Pick<Config, 'operatorToken'>;
  /** Whether only this machine can reach the gateway. */
  readonly isLocal: boolean;
  readonly log: Logger;
}

/** Without a token everybody passes if only this machine can reach the gateway, and nobody otherwise. */
export function operatorGate({ config: { operatorToken }, isLocal, log }: OperatorOptions): OperatorGate {
  if (operatorToken === undefined) {
    return async ({ hostHeader }) => {
      if (!isLocal)
        throw forbidden('This gateway can be reached from other machines, and has no OPERATOR_TOKEN set');
      // ALLOWED_HOSTS may admit the name of a proxy, through which others come.
      if (!isLoopbackHost(hostHeader))
        throw forbidden('Without an OPERATOR_TOKEN, this gateway must be asked as localhost');
    };
  }
  const expected = digest(operatorToken);
  const attempts = new TokenAttempts(log);
  return async ({ authorization, address }) => {
    const [, token] = typeof authorization === 'string' ? (/^bearer +(\S+)$/i.exec(authorization) ?? []) : [];
    if (token === undefined) throw forbidden('No operator token came (authorization: Bearer …)');
    // Digests have one length, and comparing them takes one time, whatever came.
    const isRight = await attempts.try(address, timingSafeEqual(digest(token), expected));
    if (!isRight) throw forbidden('The operator token is another one');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function forbidden(why: string): RequestError {
  return new RequestError(RequestErrorCode.Forbidden, `This is for operators. ${why}.`);
}
