/** Who may see and undo what went wrong: operators, by a token, or whoever is on the gateway's own machine. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { Config } from './config.ts';
import { RequestError, RequestErrorCode } from './errors.ts';

/**
 * Lets operators pass.
 *
 * @param authorization as the HTTP header has it: `Bearer` and the token.
 * @throws {RequestError} `FORBIDDEN` to anybody else.
 */
export type OperatorGate = (authorization: unknown) => void;

/** Without a token everybody passes if only this machine can reach the gateway, and nobody otherwise. */
export function operatorGate({ operatorToken, host }: Pick<Config, 'operatorToken' | 'host'>): OperatorGate {
  if (operatorToken === undefined) {
    return () => {
      if (!isLoopback(host))
        throw forbidden('This gateway can be reached from other machines, and has no OPERATOR_TOKEN set');
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

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function forbidden(why: string): RequestError {
  return new RequestError(RequestErrorCode.Forbidden, `This is for operators. ${why}.`);
}
