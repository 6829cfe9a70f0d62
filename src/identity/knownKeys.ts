/** API keys put together from the messages about them, in the order in which they were stored. */
import type { KeyChange } from '../broker/broker.ts';
import type { KeyRecord } from '../contract/messages/keyRecord.ts';
import type { IdentityEnd } from '../contract/principal.ts';

export interface KnownKey {
  readonly id: string;
  readonly record: KeyRecord;
  /** Milliseconds since the epoch. */
  revokedAt: number | undefined;
}

export class KnownKeys {
  readonly #keys = new Map<string, KnownKey>();
  /** Kept apart, so that a record that is stored again does not bring a revoked key back. */
  readonly #revokedAt = new Map<string, number>();

  find(id: string): KnownKey | undefined {
    return this.#keys.get(id);
  }

  /** In the order in which they were created. */
  list(): readonly KnownKey[] {
    return [...this.#keys.values()];
  }

  learn(change: KeyChange): void {
    const key = this.#keys.get(change.id);
    switch (change.part) {
      case 'created': {
        const { id, record } = change;
        if (key === undefined) this.#keys.set(id, { id, record, revokedAt: this.#revokedAt.get(id) });
        return;
      }
      case 'revoked':
        this.#revokedAt.set(change.id, change.event.at);
        if (key !== undefined) key.revokedAt = change.event.at;
    }
  }

  /** All keys are gone with their stream. Clients that still have one are told that it was revoked. */
  forgetAll(): void {
    for (const key of this.#keys.values()) key.revokedAt ??= Date.now();
    this.#keys.clear();
    this.#revokedAt.clear();
  }
}

/** Why a key lets no client in now; undefined if it does. */
export function endOf({ revokedAt, record: { expiresAt } }: KnownKey): IdentityEnd | undefined {
  if (revokedAt !== undefined) return 'was revoked';
  return expiresAt !== undefined && expiresAt <= Date.now() ? 'has expired' : undefined;
}
