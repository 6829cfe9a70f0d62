/** Recognises operators: by a token, or because they are on the gateway's own machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { Client } from './clients.ts';
import { isLoopbackHost } from './hosts.ts';
import { TokenAttempts } from './tokenAttempts.ts';

/** A client that asks for an operation for operators. */
interface Asker extends Pick<Client, 'address' | 'isForwarded'> {
  /** The value of the HTTP header: `Bearer` and the token. */
  readonly authorization: unknown;
  /** The name in the request's Host. */
  readonly hostHeader: string | undefined;
}

/**
 * Lets operators pass.
 *
 * @throws {RequestError} `FORBIDDEN` for other clients, `TOO_MANY_ATTEMPTS` after too many wrong tokens.
 */
type OperatorGate = (asker: Asker) => Promise<void>;

export interface OperatorOptions {
  readonly config: Pick<Config, 'operatorToken'>;
  /** Whether only this machine can reach the gateway. */
  readonly isLocal: boolean;
  readonly log: Logger;
}

/** If no token is set: every client passes if only this machine can reach the gateway. Otherwise no client passes. */
export function operatorGate({ config: { operatorToken }, isLocal, log }: OperatorOptions): OperatorGate {
  if (operatorToken === undefined) {
    return async ({ hostHeader, isForwarded }) => {
      if (!isLocal)
        throw forbidden('This gateway can be reached from other machines, and has no OPERATOR_TOKEN set');
      if (isForwarded)
        throw forbidden(
          'A proxy passed this request on, perhaps from another machine, and this gateway has no OPERATOR_TOKEN set',
        );
      // ALLOWED_HOSTS may admit the name of a proxy. Clients of other machines may come through it.
      if (!isLoopbackHost(hostHeader))
        throw forbidden('Without an OPERATOR_TOKEN, this gateway must be asked as localhost');
    };
  }
  const expected = digest(operatorToken);
  const attempts = new TokenAttempts(log);
  return async ({ authorization, address }) => {
    const [, token] = typeof authorization === 'string' ? (/^bearer +(\S+)$/i.exec(authorization) ?? []) : [];
    if (token === undefined) throw forbidden('No operator token came (authorization: Bearer …)');
    // Digests have one length, so the comparison takes the same time for every token.
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
