/** The stream of audit entries. None can be changed or deleted; the oldest go by age, or when the stream is full. */
import { hash } from 'node:crypto';
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { type AuditEntry, AuditOutcome, decodeAuditEntry } from '../contract/messages/auditEntry.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { ownerToken } from '../contract/owner.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { FoundBefore, StoredMessages } from './storedMessages.ts';

export interface StoredAuditEntry {
  readonly entry: AuditEntry;
  readonly sequence: number;
}

export class AuditStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #log: LimitedLog;

  constructor({ publisher, stored, log }: { publisher: Publisher; stored: StoredMessages; log: LimitedLog }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#log = log;
  }

  store(entry: AuditEntry): Promise<PublishOutcome> {
    return this.#publisher.publish(subjectOf(entry), encodeMessage(entry));
  }

  /** The newest entries before a sequence, `count` at most. Entries that cannot be read are skipped. */
  before(sequence: number, count: number): Promise<FoundBefore<StoredAuditEntry>> {
    return this.#stored.before(streams.audit, { sequence, count }, (message) => this.#decode(message));
  }

  #decode({ data, seq }: StoredMsg): StoredAuditEntry | undefined {
    try {
      return { entry: decodeAuditEntry(data), sequence: seq };
    } catch (error) {
      const fields = () => ({ sequence: seq, reason: messageOf(error) });
      this.#log.warn('audit', fields, 'an audit entry cannot be read');
      return undefined;
    }
  }
}

/**
 * Strangers cause refusals. They have subjects of their own, which never push out actions, and those of one owner are
 * under one of them, so he pushes out a small part of the refusals of others. Actions are spread evenly.
 */
function subjectOf({ outcome, owner, id }: AuditEntry): string {
  if (outcome === AuditOutcome.Refused) return subjects.auditRefusals(ownerToken(owner).charAt(0));
  return subjects.auditActions(hash('sha256', id, 'hex').charAt(0));
}
