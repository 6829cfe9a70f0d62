/** What an operator did, or was refused. The broker keeps these entries in the order in which they came. */
import { COUNT, INSTANT, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { object, oneOf, type Passing, text } from '../schema.ts';
import { decoderOf, VERSION } from './decoder.ts';

export const AuditOutcome = {
  /** The action has begun. Another entry with the same id tells how it ended, unless the gateway died. */
  Begun: 'BEGUN',
  Done: 'DONE',
  /** The action failed, perhaps with a part of it done. */
  Failed: 'FAILED',
  /** The client is no operator. Nothing was done. */
  Refused: 'REFUSED',
} as const;
export type AuditOutcome = (typeof AuditOutcome)[keyof typeof AuditOutcome];

/** The longest JSON text of an entry, in characters. */
const LONGEST_DETAILS = 16_384;

const DETAILS = text(`JSON of ${LONGEST_DETAILS} characters at most`, { maxLength: LONGEST_DETAILS });

export const AUDIT_ENTRY = object(
  'an audit entry',
  {
    v: VERSION,
    /** The same for the entries of one action. */
    id: NAME,
    /** Broker time. */
    at: INSTANT,
    /** The name of the GraphQL field. */
    action: NAME,
    outcome: oneOf(Object.values(AuditOutcome)),
    owner: OWNER,
  },
  {
    /** The model or the task that it is about. */
    target: NAME,
    /** The address of the client. */
    address: NAME,
    /** The code of the refusal or the failure. */
    code: NAME,
    /** The arguments. */
    asked: DETAILS,
    before: DETAILS,
    after: DETAILS,
    /** How many refusals like this one have no entry, because they came within the same second. */
    leftOut: COUNT,
  },
);
export type AuditEntry = Passing<typeof AUDIT_ENTRY>;

/** Decodes an audit entry. Throws as every decoder does, see `decoderOf`. */
export const decodeAuditEntry = decoderOf(AUDIT_ENTRY);

/** A value as an entry shows it. A long one is cut off. */
export function detailsOf(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').slice(0, LONGEST_DETAILS);
}
