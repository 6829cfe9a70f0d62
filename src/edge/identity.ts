/**
 * Recognises clients: by an API key, a token of an OpenID provider or the operator token. Without a login
 * (`AUTH=none`) they are all the same owner.
 *
 * Keys and tokens of a provider cannot be guessed. They are checked at once, however many wrong ones came before, so no
 * client can lock others out. Only guesses of the operator token, which a person may have chosen, are slowed down.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { looksLikeKey } from '../contract/apiKey.ts';
import {
  ConfigurationError,
  type RequestError,
  RequestErrorCode,
  roleNeeded,
  unauthenticated,
} from '../contract/errors.ts';
import { ANONYMOUS } from '../contract/owner.ts';
import type { Identity, IdentityEnd } from '../contract/principal.ts';
import type { AuthMode, Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { Clients } from './clients.ts';
import { isLoopbackHost } from './hosts.ts';
import { TokenAttempts } from './tokenAttempts.ts';

/** A client that wants to be recognised. */
interface Asker {
  /** The value of the HTTP header: `Bearer` and the key or token. */
  readonly authorization: unknown;
  /** The name in the request's Host. */
  readonly hostHeader: string | undefined;
  /** The address of the connection's other end: the client, or a proxy. */
  readonly address: string | undefined;
  /** Whether a proxy passed the request on. */
  readonly isForwarded: boolean;
}

/** An identity for one request, or for one WebSocket. */
export interface EdgeIdentity extends Identity {
  /**
   * Which other role the client has, and what to do to be an operator; undefined if it is one.
   *
   * @throws {RequestError} `TOO_MANY_ATTEMPTS` after too many wrong operator tokens.
   */
  readonly whyNoOperator: () => Promise<string | undefined>;
}

/** The stores of keys and tokens. Each is there if `AUTH` names it. */
export interface Logins {
  /** Undefined if the key is unknown or its secret is wrong. */
  readonly keys?: { identify(key: string): Identity | undefined } | undefined;
  /** @throws {RequestError} `UNAUTHENTICATED`, `FORBIDDEN`, `AUTH_UNAVAILABLE`. */
  readonly tokens?: { identify(token: string): Identity | Promise<Identity> } | undefined;
}

export interface IdentityOptions {
  readonly config: Pick<Config, 'operatorToken'>;
  readonly auth: readonly AuthMode[];
  readonly logins: Logins;
  readonly clients: Pick<Clients, 'of'>;
  /** Whether only this machine can reach the gateway. */
  readonly isLocal: boolean;
  readonly log: Logger;
}

/** The owner of what is done with the operator token. */
const OPERATOR = 'operator';
const BEARER = /^bearer +(\S+)$/i;
/** Three parts in base64url. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * @throws {ConfigurationError} if a gateway that other machines can reach does not say how clients are recognised, or if
 *   the operator token would be taken for a key or a token of a provider.
 */
export function authModesOf(
  { auth, operatorToken }: Pick<Config, 'auth' | 'operatorToken'>,
  isLocal: boolean,
  log: Logger,
): readonly AuthMode[] {
  if (auth === undefined && !isLocal)
    throw new ConfigurationError(
      'AUTH must be set where HOST is not loopback: AUTH=keys takes API keys (npm run key), AUTH=jwt tokens of an OpenID provider, and AUTH=none lets everybody who reaches the gateway submit tasks and read those of all',
    );
  const modes = auth ?? ['none'];
  if (operatorToken !== undefined && !modes.includes('none')) {
    if (looksLikeKey(operatorToken))
      throw new ConfigurationError(
        'OPERATOR_TOKEN must not begin with tid_ where AUTH is set: it would be taken for an API key, and never log in. Take a random text',
      );
    if (modes.includes('jwt') && JWT.test(operatorToken))
      throw new ConfigurationError(
        'OPERATOR_TOKEN must not consist of three parts with dots between them where AUTH has jwt: it would be taken for a JWT, and never log in. Take a random text',
      );
  }
  if (modes.includes('none') && !isLocal)
    log.warn('AUTH is none: everybody who reaches this gateway may submit tasks and read those of all');
  return modes;
}

export class Identities {
  readonly #options: IdentityOptions;
  readonly #attempts: TokenAttempts;
  readonly #operatorDigest: Buffer | undefined;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#attempts = new TokenAttempts(options.log);
    const { operatorToken } = options.config;
    this.#operatorDigest = operatorToken === undefined ? undefined : digest(operatorToken);
  }

  /**
   * @param payload of `connection_init`, over WebSocket.
   * @returns a promise only if a check takes time.
   * @throws {RequestError} `UNAUTHENTICATED`, `FORBIDDEN`, `AUTH_UNAVAILABLE`, `TOO_MANY_ATTEMPTS`.
   */
  of(
    request: IncomingMessage,
    payload?: Readonly<Record<string, unknown>>,
  ): EdgeIdentity | Promise<EdgeIdentity> {
    const { headers } = request;
    const authorization = payload?.authorization ?? headers.authorization;
    const asker = { ...this.#options.clients.of(request), authorization, hostHeader: headers.host };
    if (this.#options.auth.includes('none')) return this.#withoutLogin(asker);
    const token = tokenOf(asker);
    if (token === undefined)
      throw unauthenticated(
        'This gateway must know who asks: send "authorization: Bearer" and your key or token.',
      );
    const identity = this.#identityOf(token, asker);
    return identity instanceof Promise ? identity.then(inForce) : inForce(identity);
  }

  #identityOf(token: string, asker: Asker): Identity | Promise<Identity> {
    const { keys, tokens } = this.#options.logins;
    if (looksLikeKey(token)) return this.#ofKey(token);
    if (tokens !== undefined && JWT.test(token)) return tokens.identify(token);
    if (this.#operatorDigest !== undefined) return this.#ofOperatorToken(token, asker, this.#operatorDigest);
    const expected = [...(keys ? ['an API key (tid_…)'] : []), ...(tokens ? ['a JWT'] : [])];
    throw unauthenticated(`What came with "authorization: Bearer" must be ${expected.join(' or ')}.`);
  }

  #ofKey(key: string): Identity {
    const { keys } = this.#options.logins;
    if (keys === undefined) throw unauthenticated('This gateway takes no API keys.');
    const identity = keys.identify(key);
    if (identity === undefined) throw unauthenticated('The API key is not one of this gateway.');
    return identity;
  }

  async #ofOperatorToken(token: string, { address }: Asker, expected: Buffer): Promise<Identity> {
    if (!(await this.#attempts.try(address, isSame(token, expected))))
      throw unauthenticated('The token is none that this gateway takes.');
    return { principal: { owner: OPERATOR, role: 'operator' } };
  }

  /** The operator token is looked at only for fields that need it: clients may send headers that are for others. */
  #withoutLogin(asker: Asker): EdgeIdentity {
    const { isLocal } = this.#options;
    const isOperator =
      this.#operatorDigest === undefined && isLocal && !asker.isForwarded && isLoopbackHost(asker.hostHeader);
    return {
      principal: { owner: ANONYMOUS, role: isOperator ? 'operator' : 'submitter' },
      whyNoOperator: isOperator ? noReason : () => this.#whyNoOperatorToken(asker),
    };
  }

  async #whyNoOperatorToken(asker: Asker): Promise<string | undefined> {
    const expected = this.#operatorDigest;
    if (expected === undefined && !this.#options.isLocal)
      return onlySubmitter(
        'this gateway can be reached from other machines, and has no OPERATOR_TOKEN set. Set one, and send it',
      );
    if (expected === undefined && asker.isForwarded)
      return onlySubmitter(
        'a proxy passed this request on, perhaps from another machine, and this gateway has no OPERATOR_TOKEN set. Set one, and send it',
      );
    // ALLOWED_HOSTS may admit the name of a proxy. Clients of other machines may come through it.
    if (expected === undefined)
      return onlySubmitter(
        'without an OPERATOR_TOKEN, this gateway must be asked as localhost. Ask it so, or set one and send it',
      );
    const token = tokenOf(asker);
    if (token === undefined)
      return onlySubmitter('no operator token came. Send the OPERATOR_TOKEN of the gateway');
    if (await this.#attempts.try(asker.address, isSame(token, expected))) return undefined;
    return onlySubmitter('the token that came is another one. Send the OPERATOR_TOKEN of the gateway');
  }
}

/** @throws {RequestError} `UNAUTHENTICATED` if the identity counts no longer. */
export function requireInForce({ endedBy }: Identity): void {
  const end = endedBy?.();
  if (end !== undefined) throw identityEnded(end);
}

/** Ends what is open: a client that connects again brings a new key or token. */
export function identityEnded(end: IdentityEnd): RequestError {
  return unauthenticated(`The key or token ${end}: come again with a new one.`);
}

/** The refusal of a viewer that wants to change something: every mutation does. */
export function mayNotMutate(): GraphQLError {
  return new GraphQLError('A viewer may not run mutations: they need the role submitter or operator.', {
    extensions: { code: RequestErrorCode.Forbidden, http: { status: 403 } },
  });
}

/** @throws {RequestError} `FORBIDDEN` unless the client is an operator, `TOO_MANY_ATTEMPTS`. */
export async function requireOperator({ whyNoOperator }: EdgeIdentity): Promise<void> {
  const why = await whyNoOperator();
  if (why !== undefined) throw roleNeeded('operator', why);
}

function inForce(identity: Identity): EdgeIdentity {
  requireInForce(identity);
  const { role } = identity.principal;
  const otherRole = async () =>
    `Your key or token has the role ${role}: use one with the role that is needed.`;
  return { ...identity, whyNoOperator: role === 'operator' ? noReason : otherRole };
}

/** Of operators. */
async function noReason(): Promise<undefined> {}

/** Of a client without a login. @param why it is no operator, and what to send. */
function onlySubmitter(why: string): string {
  return `You have the role submitter: ${why} (authorization: Bearer …).`;
}

function tokenOf({ authorization }: Asker): string | undefined {
  return typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
}

/** Digests have one length, so the comparison takes the same time for every token. */
function isSame(token: string, expected: Buffer): boolean {
  return timingSafeEqual(digest(token), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
