/**
 * The API keys as this gateway knows them. It reads them before it serves, and twice a second what was stored since. So a
 * new key and a revocation count within a second, also where a notice would be lost. While the broker is away, the last
 * known keys stay in force.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Broker, type KeysRead, NO_KEYS_READ } from '../broker/broker.ts';
import { isSecretOf, parseApiKey } from '../contract/apiKey.ts';
import { messageOf } from '../contract/errors.ts';
import type { Identity } from '../contract/principal.ts';
import { NO_QUOTAS, type Quotas } from '../contract/quotas.ts';
import type { Logger } from '../process/log.ts';
import { endOf, type KnownKey, KnownKeys } from './knownKeys.ts';

export interface ApiKeysOptions {
  readonly broker: Pick<Broker, 'keys'>;
  readonly log: Logger;
}

const READ_EVERY_MS = 500;
const FIRST_READ_RETRY_MS = 250;
/** A gateway stores the use of a key once an hour. */
const STORE_USE_AFTER_MS = 3_600_000;

export class ApiKeys implements Disposable {
  readonly #broker: ApiKeysOptions['broker'];
  readonly #log: Logger;
  readonly #keys = new KnownKeys();
  /** When this gateway stored a use of a key last. */
  readonly #storedUses = new WeakMap<KnownKey, number>();
  #read: KeysRead = NO_KEYS_READ;
  #isReading = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor({ broker, log }: ApiKeysOptions) {
    this.#broker = broker;
    this.#log = log;
  }

  /** Resolves once all keys are known. @param signal ends the wait. */
  static async open(options: ApiKeysOptions, signal: AbortSignal): Promise<ApiKeys> {
    const keys = new ApiKeys(options);
    await keys.#readPatiently(signal);
    keys.#timer = setInterval(() => void keys.#readOn(), READ_EVERY_MS).unref();
    return keys;
  }

  /** @returns undefined if there is no such key. One that has ended is known, too. */
  identify(text: string): Identity | undefined {
    const given = parseApiKey(text);
    if (given === undefined) return undefined;
    const key = this.#keys.find(given.id);
    if (key === undefined || !isSecretOf(key.record.digest, given)) return undefined;
    if (endOf(key) === undefined) this.#noteUse(key);
    const { owner, role, quotas } = key.record;
    const limitedKey = quotas === undefined ? undefined : key.id;
    return { principal: { owner, role, limitedKey }, endedBy: () => endOf(key) };
  }

  /** The quotas that a key has of its own. */
  quotasOf(id: string): Quotas {
    return this.#keys.find(id)?.record.quotas ?? NO_QUOTAS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #noteUse(key: KnownKey): void {
    const now = Date.now();
    const stored = this.#storedUses.get(key);
    if (stored !== undefined && now - stored < STORE_USE_AFTER_MS) return;
    this.#storedUses.set(key, now);
    // If it is not stored, the list shows an older time.
    void this.#broker.keys.use(key.id, now);
  }

  async #readPatiently(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#readFurther();
      } catch (error) {
        if (signal.aborted) throw error;
        this.#log.warn({ reason: messageOf(error) }, 'waiting for the API keys');
        await sleep(FIRST_READ_RETRY_MS);
      }
    }
  }

  async #readOn(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      await this.#readFurther();
    } catch (error) {
      this.#log.debug(
        { reason: messageOf(error) },
        'the API keys could not be read: those known stay in force',
      );
    } finally {
      this.#isReading = false;
    }
  }

  async #readFurther(): Promise<void> {
    const { read, changes, isNew } = await this.#broker.keys.readAfter(this.#read);
    if (isNew) this.#keys.forgetAll();
    for (const change of changes) this.#keys.learn(change);
    this.#read = read;
  }
}
