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
import type { StoredMessages } from './storedMessages.ts';

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

  /** The newest entries before a sequence, newest first, `count` at most. Entries that cannot be read are skipped. */
  async before(sequence: number, count: number): Promise<readonly StoredAuditEntry[]> {
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.audit));
    // 0 in a stream that never had a message.
    const first = Math.max(1, state.first_seq);
    const entries: StoredAuditEntry[] = [];
    let end = Math.min(sequence, state.last_seq + 1);
    // Old refusals leave gaps. Each look covers more sequences than the one before.
    for (let span = count; end > first && entries.length < count; span *= 2) {
      const from = Math.max(first, end - span);
      entries.push(...(await this.#between(from, end)).toReversed());
      end = from;
    }
    return entries.slice(0, count);
  }

  /** In the order in which they came. */
  async #between(from: number, end: number): Promise<readonly StoredAuditEntry[]> {
    const entries: StoredAuditEntry[] = [];
    for (let sequence = from; sequence < end; ) {
      const messages = await this.#stored.page(streams.audit, sequence, end - sequence);
      const within = messages.filter(({ seq }) => seq < end);
      entries.push(...within.flatMap((message) => this.#decode(message)));
      const last = messages.at(-1);
      if (last === undefined) break;
      sequence = last.seq + 1;
    }
    return entries;
  }

  #decode({ data, seq }: StoredMsg): readonly StoredAuditEntry[] {
    try {
      return [{ entry: decodeAuditEntry(data), sequence: seq }];
    } catch (error) {
      const fields = () => ({ sequence: seq, reason: messageOf(error) });
      this.#log.warn('audit', fields, 'an audit entry cannot be read');
      return [];
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
