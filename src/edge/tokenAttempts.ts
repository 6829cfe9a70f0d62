/**
 * How often an address may try an operator token. Five wrong ones are free; after that the address has to wait for each
 * try, for longer with each wrong one. A few tries wait in line, and what comes beyond them is not looked at: so one
 * address gets through one token a second in the long run, however many connections it has.
 *
 * Many share an address, behind a proxy or a router. At an address from which the right token came within the hour each
 * token is looked at at once, as long as fewer than 60 wrong ones came from it within a minute: otherwise a program with
 * an old token could lock the operators beside it out. Beyond that the address waits like any other, operators too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { RequestError, RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';

const FREE_FAILURES = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const KNOWN_FOR_MS = 3_600_000;
/** As many as a minute of waiting lets through. */
const FAILURES_OF_KNOWN = 60;
const MINUTE_MS = 60_000;
/** Tries that may wait: of one address, and of all. */
const WAITING_OF_ADDRESS = 2;
const WAITING = 1_000;
/** About 250 bytes each. The address that has not tried for longest is forgotten first. */
const KEPT_ADDRESSES = 10_000;
const FORGET_AFTER_MS = 3_600_000;
const LOG_EVERY_MS = 60_000;

interface Attempts {
  failures: number;
  /** Tries that were not looked at. */
  ignored: number;
  waiting: number;
  /** On the clock of `performance.now()`, as are the others. */
  nextAt: number;
  loggedAt: number;
  knownUntil: number;
  /** When the minute began whose wrong tries are counted. */
  minuteAt: number;
  failuresOfMinute: number;
}

export class TokenAttempts {
  readonly #log: Logger;
  readonly #byNetwork = new LRUCache<string, Attempts>({
    max: KEPT_ADDRESSES,
    ttl: FORGET_AFTER_MS,
    updateAgeOnGet: true,
  });
  #waiting = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Resolves, once it is this try's turn, to whether the token was right.
   *
   * @throws {RequestError} `TOO_MANY_ATTEMPTS` if it was not looked at.
   */
  async try(address: string | undefined, isRight: boolean): Promise<boolean> {
    const network = networkOf(address);
    const attempts = this.#byNetwork.get(network) ?? newAttempts();
    this.#byNetwork.set(network, attempts);
    if (!isKnown(attempts)) await this.#takeTurn(network, attempts);
    const now = performance.now();
    if (isRight) {
      attempts.knownUntil = now + KNOWN_FOR_MS;
    } else {
      countFailure(attempts, now);
      this.#tell(network, attempts);
    }
    return isRight;
  }

  async #takeTurn(network: string, attempts: Attempts): Promise<void> {
    const waitMs = attempts.nextAt - performance.now();
    if (waitMs <= 0) return;
    if (attempts.waiting >= WAITING_OF_ADDRESS || this.#waiting >= WAITING) {
      attempts.ignored++;
      this.#tell(network, attempts);
      throw tooManyAttempts(waitMs);
    }
    await this.#wait(attempts, waitMs);
  }

  async #wait(attempts: Attempts, waitMs: number): Promise<void> {
    // The next try waits for this one, too.
    attempts.nextAt += pauseAfter(attempts.failures);
    attempts.waiting++;
    this.#waiting++;
    await pause(waitMs, undefined, { ref: false });
    attempts.waiting--;
    this.#waiting--;
  }

  /** In the log: the first of an address, the tenth, the hundredth and so on, and otherwise one a minute. */
  #tell(address: string, attempts: Attempts): void {
    const { failures, ignored, loggedAt } = attempts;
    const now = performance.now();
    const isRound = /^10*$/.test(String(failures + ignored));
    if (!isRound && now - loggedAt < LOG_EVERY_MS) return;
    attempts.loggedAt = now;
    this.#log.warn({ address, failures, ignored }, 'wrong operator tokens come from an address');
  }
}

function newAttempts(): Attempts {
  return {
    failures: 0,
    ignored: 0,
    waiting: 0,
    nextAt: 0,
    loggedAt: 0,
    knownUntil: 0,
    minuteAt: 0,
    failuresOfMinute: 0,
  };
}

/** Whether the right token came from the address, and few wrong ones do. */
function isKnown({ knownUntil, minuteAt, failuresOfMinute }: Attempts): boolean {
  const now = performance.now();
  return now < knownUntil && (failuresOfMinute < FAILURES_OF_KNOWN || now - minuteAt >= MINUTE_MS);
}

function countFailure(attempts: Attempts, now: number): void {
  if (now - attempts.minuteAt >= MINUTE_MS) {
    attempts.minuteAt = now;
    attempts.failuresOfMinute = 0;
  }
  attempts.failuresOfMinute++;
  attempts.failures++;
  attempts.nextAt = Math.max(attempts.nextAt, now + pauseAfter(attempts.failures));
}

function pauseAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - FREE_FAILURES), LONGEST_PAUSE_MS);
}

/** An IPv4 address, or the first 64 bits of one of IPv6: a household has all that begin with them. */
export function networkOf(address = ''): string {
  // A server on `::` has an IPv4 address as `::ffff:10.0.0.5`.
  const [, ipv4] = /^(?:::ffff:)?([0-9]+(?:\.[0-9]+){3})$/i.exec(address) ?? [];
  if (ipv4 !== undefined) return ipv4;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  if (tail !== undefined) groups.push('0', '0', '0', '0');
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function tooManyAttempts(waitMs: number): RequestError {
  return new RequestError(
    RequestErrorCode.TooManyAttempts,
    'This is for operators. Too many wrong operator tokens came from your address: this one was not looked at.',
    { details: { retryAfterMs: Math.ceil(waitMs) } },
  );
}
