/** Who may see and undo what went wrong: operators, by a token, or whoever is on the gateway's own machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config } from '../config.ts';
import { RequestError, RequestErrorCode } from '../errors.ts';
import { isLoopbackAddress, isLoopbackHost } from './hosts.ts';

/**
 * Lets operators pass.
 *
 * @param authorization as the HTTP header has it: `Bearer` and the token.
 * @param hostHeader the name under which the request came.
 * @throws {RequestError} `FORBIDDEN` to anybody else.
 */
export type OperatorGate = (authorization: unknown, hostHeader: string | undefined) => void;

/** Without a token everybody passes if only this machine can reach the gateway, and nobody otherwise. */
export function operatorGate({ operatorToken, host }: Pick<Config, 'operatorToken' | 'host'>): OperatorGate {
  if (operatorToken === undefined) {
    return (_authorization, hostHeader) => {
      if (!isLoopbackAddress(host))
        throw forbidden('This gateway can be reached from other machines, and has no OPERATOR_TOKEN set');
      // A web page whose own name was made to point here has that name as its host.
      if (!isLoopbackHost(hostHeader))
        throw forbidden('Without an OPERATOR_TOKEN, this gateway must be asked as localhost');
    };
  }
  const expected = digest(operatorToken);
  return (authorization) => {
    const [, token] = typeof authorization === 'string' ? (/^bearer +(\S+)$/i.exec(authorization) ?? []) : [];
    if (token === undefined) throw forbidden('No operator token came (authorization: Bearer …)');
    // Digests have one length, and comparing them takes one time, whatever came.
    if (!timingSafeEqual(digest(token), expected)) throw forbidden('The operator token is another one');
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function forbidden(why: string): RequestError {
  return new RequestError(RequestErrorCode.Forbidden, `This is for operators. ${why}.`);
}
