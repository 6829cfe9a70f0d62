/**
 * Limits how often operator tokens may be tried, by address. API keys and tokens of a provider are not limited: they
 * cannot be guessed.
 *
 * - A site has five free wrong tries. After that it waits before each try, longer after each wrong one. A few tries may
 *   wait in a queue; further ones are refused unchecked. So in the long run one site can try one token a second,
 *   however many connections it has. Other sites do not notice.
 * - Many clients share an address, behind a proxy or a router. A household is known if the right token came from it
 *   within the hour. Its tokens are checked at once while fewer than 60 wrong ones came from it within a minute.
 *   Otherwise a program with an old token could lock out the operators beside it. Beyond the 60 it waits like any other
 *   site.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { type RequestError, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import { LimitedLog } from '../process/limitedLog.ts';
import type { Logger } from '../process/log.ts';
import { networksOf } from './networks.ts';

const FREE_FAILURES = 5;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
const KNOWN_FOR_MS = 3_600_000;
/** The number of tries that a minute of waiting allows. */
const FAILURES_OF_KNOWN = 60;
const MINUTE_MS = 60_000;
/** The most waiting tries: of one site, and of all. */
const WAITING_OF_SITE = 2;
const WAITING = 1_000;
/** The most sites and households, about 250 bytes each. The one whose last try is oldest is forgotten first. */
const KEPT = 10_000;
const FORGET_AFTER_MS = 3_600_000;
const LOG_EVERY_MS = 60_000;

interface Attempts {
  failures: number;
  /** Tries that were refused unchecked. */
  ignored: number;
  waiting: number;
  /** On the clock of `performance.now()`, like the other times here. */
  nextAt: number;
  loggedAt: number;
}

export class TokenAttempts {
  readonly #log: LimitedLog;
  readonly #bySite = new LRUCache<string, Attempts>({
    max: KEPT,
    ttl: FORGET_AFTER_MS,
    updateAgeOnGet: true,
  });
  /** The wrong tokens of known households. They are kept apart, so that strangers cannot evict them. */
  readonly #known = new LRUCache<string, MinuteCount>({ max: KEPT, ttl: KNOWN_FOR_MS });
  readonly #total = { failures: 0, ignored: 0 };
  #waiting = 0;

  constructor(log: Logger) {
    this.#log = new LimitedLog(log);
  }

  /**
   * Resolves when it is this try's turn: true if the token was right.
   *
   * @throws {RequestError} `TOO_MANY_ATTEMPTS` if it was not checked.
   */
  async try(address: string | undefined, isRight: boolean): Promise<boolean> {
    const { household, site } = networksOf(address);
    const attempts = this.#bySite.get(site) ?? newAttempts();
    this.#bySite.set(site, attempts);
    const isKnown = this.#isKnown(household);
    const waitMs = isKnown ? 0 : attempts.nextAt - performance.now();
    if (waitMs > 0) await this.#wait(site, attempts, waitMs);
    const failuresOfKnown = this.#known.get(household);
    if (isRight) {
      this.#known.set(household, failuresOfKnown ?? new MinuteCount());
    } else {
      failuresOfKnown?.add();
      this.#countFailure(attempts);
      this.#tell(site, attempts);
    }
    return isRight;
  }

  /** Whether the household is known and has sent few wrong tokens. */
  #isKnown(household: string): boolean {
    const failures = this.#known.get(household)?.now();
    return failures !== undefined && failures < FAILURES_OF_KNOWN;
  }

  /** @throws {RequestError} if the queue is full. */
  async #wait(site: string, attempts: Attempts, waitMs: number): Promise<void> {
    if (attempts.waiting >= WAITING_OF_SITE || this.#waiting >= WAITING)
      throw this.#ignore(site, attempts, waitMs);
    // The next try of the site waits for this one, too.
    attempts.nextAt += pauseAfter(attempts.failures);
    attempts.waiting++;
    this.#waiting++;
    await pause(waitMs, undefined, { ref: false });
    attempts.waiting--;
    this.#waiting--;
  }

  #countFailure(attempts: Attempts): void {
    attempts.failures++;
    attempts.nextAt = Math.max(attempts.nextAt, performance.now() + pauseAfter(attempts.failures));
    this.#total.failures++;
  }

  #ignore(site: string, attempts: Attempts, waitMs: number): RequestError {
    attempts.ignored++;
    this.#total.ignored++;
    this.#tell(site, attempts);
    return tooManyAttempts(waitMs);
  }

  /** Logs the first wrong try of a site, the tenth, the hundredth and so on; and one a minute besides. */
  #tell(address: string, attempts: Attempts): void {
    const now = performance.now();
    const isRound = /^10*$/.test(String(attempts.failures + attempts.ignored));
    if (!isRound && now - attempts.loggedAt < LOG_EVERY_MS) return;
    attempts.loggedAt = now;
    this.#log.warn(
      'wrong tokens',
      () => {
        const { failures, ignored } = attempts;
        return { address, failures, ignored, ofAllAddresses: { ...this.#total } };
      },
      'wrong operator tokens come from an address',
    );
  }
}

/** Counts events within consecutive minutes. */
class MinuteCount {
  #beganAt = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** The count of the present minute. */
  now(): number {
    return performance.now() - this.#beganAt < MINUTE_MS ? this.#count : 0;
  }

  add(): void {
    const count = this.now();
    if (count === 0) this.#beganAt = performance.now();
    this.#count = count + 1;
  }
}

function newAttempts(): Attempts {
  return { failures: 0, ignored: 0, waiting: 0, nextAt: 0, loggedAt: Number.NEGATIVE_INFINITY };
}

function pauseAfter(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - FREE_FAILURES), LONGEST_PAUSE_MS);
}

function tooManyAttempts(waitMs: number): RequestError {
  return refusedForNow(
    RequestErrorCode.TooManyAttempts,
    'Too many wrong operator tokens came from your address: this one was not looked at.',
    { retryAfterMs: Math.ceil(waitMs) },
  );
}
