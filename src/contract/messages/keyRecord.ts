/** The messages about an API key: its record, which is written once, its end, and when it was used last. */
import { INSTANT, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { ROLE } from '../principal.ts';
import { integer, object, type Passing, recordOf, text } from '../schema.ts';
import { decoderOf, VERSION } from './decoder.ts';

export const KEY_RECORD = object(
  'an API key',
  {
    v: VERSION,
    owner: OWNER,
    role: ROLE,
    digest: text('hex SHA-256', { pattern: '^[0-9a-f]{64}$' }),
    /** Milliseconds since the epoch, as are all times here. */
    createdAt: INSTANT,
  },
  {
    /** Absent if the key does not expire. */
    expiresAt: INSTANT,
    /** By name. Absent if only those of the owner hold. */
    quotas: recordOf('quotas by name', integer('a whole number from 1 on', 1, Number.MAX_SAFE_INTEGER), {
      minProperties: 1,
      propertyNames: NAME,
    }),
  },
);
export type KeyRecord = Passing<typeof KEY_RECORD>;

/** The key was revoked, or used. */
export const KEY_EVENT = object('an event of an API key', { v: VERSION, at: INSTANT });
export type KeyEvent = Passing<typeof KEY_EVENT>;

export const decodeKeyRecord = decoderOf(KEY_RECORD);
export const decodeKeyEvent = decoderOf(KEY_EVENT);
