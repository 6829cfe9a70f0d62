/** The outcome of a publish: a stream's acknowledgement in our words. The numbers and texts of JetStream stay here. */

import type { Msg } from '@nats-io/transport-node';

/**
 * An outcome is data, not an exception: each of them can happen in ordinary operation.
 *
 *  stored        the message is in the stream.
 *  alreadyThere  the subject holds a message, and the new one had to be the first.
 *  changed       the newest message of the subject is not the one that was expected.
 *  full          the stream is at a limit. A cluster may also answer so if the subject is taken; a read shows which it
 *                is.
 *  refused       the broker will never take the message: it is too large, for example.
 *  unanswered    the broker did not answer: the message may or may not have been stored.
 */
export type PublishOutcome = { readonly type: 'stored' } | NotStored;

export interface NotStored {
  readonly type: 'alreadyThere' | 'changed' | 'full' | 'refused' | 'unanswered';
  /** For people. */
  readonly reason: string;
}

/** The answer of a stream: the place of the message, or the reason why it was not stored. It may come from anybody. */
interface Acknowledgement {
  readonly stream?: unknown;
  readonly seq?: unknown;
  readonly error?: { readonly code?: unknown; readonly err_code?: unknown; readonly description?: unknown };
}

/** The stream could not store the message: it is at a limit, the subject is written once, or the disk fails. */
const STORE_FAILED = 10_077;
/** The text for a subject that is written once. */
const WRITTEN_ONCE = 'maximum messages per subject';
/** The text for a limit, or for a subject that is written once. */
const LIMIT = 'maximum';
/** The newest message of the subject is not the one that was expected. */
const WRONG_LAST_SEQUENCE = [10_071, 10_164];
/** Statuses of an error that says nothing about the message: no leader yet, too many requests. */
const PASSING = [429, 503];

/** Anybody could have sent the reply, so its text is cut off. */
const REASON_CHARACTERS = 200;

const STORED: PublishOutcome = { type: 'stored' };

/** @param after the sequence that the newest message of the subject was expected to have, if one was. */
export function outcomeOf(reply: Msg, after?: number): PublishOutcome {
  // The status 503 with no body: no stream listens on the subject, or its leader is being elected.
  if (reply.data.length === 0) return { type: 'unanswered', reason: 'no stream answers' };
  const { stream, seq, error } = acknowledgementIn(reply);
  if (typeof error !== 'object' || error === null) {
    const isStored = typeof stream === 'string' && typeof seq === 'number';
    return isStored ? STORED : { type: 'unanswered', reason: 'its answer cannot be read' };
  }
  const { description, code, err_code: errorCode } = error;
  const reason =
    typeof description === 'string' ? description.slice(0, REASON_CHARACTERS) : 'no reason given';
  return { type: refusalOf(numberIn(code), numberIn(errorCode), reason, after), reason };
}

function numberIn(member: unknown): number {
  return typeof member === 'number' ? member : 0;
}

function refusalOf(
  status: number,
  errorCode: number,
  reason: string,
  after: number | undefined,
): NotStored['type'] {
  if (errorCode === STORE_FAILED) {
    if (reason.startsWith(WRITTEN_ONCE)) return 'alreadyThere';
    return reason.startsWith(LIMIT) ? 'full' : 'unanswered';
  }
  if (PASSING.includes(status)) return 'unanswered';
  if (WRONG_LAST_SEQUENCE.includes(errorCode)) return after === 0 ? 'alreadyThere' : 'changed';
  return 'refused';
}

function acknowledgementIn(reply: Msg): Acknowledgement {
  try {
    return Object(reply.json());
  } catch {
    return {};
  }
}
