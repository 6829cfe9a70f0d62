/**
 * Records what operators do and what they are refused: a line in the log, and an entry in a stream of the broker.
 *
 * An action has two entries: one before it, so that it is known even if the gateway dies meanwhile, and one after it. An
 * entry that the broker does not store keeps no operator from acting; the log has it, as an error. Refusals are caused by
 * strangers: one a second and action is recorded, with the number of the others.
 */
import { randomUUID } from 'node:crypto';
import type { Broker, StoredAuditEntry } from '../broker/broker.ts';
import { badValue, quoted, RequestError, RequestErrorCode, roleNeeded } from '../contract/errors.ts';
import { type AuditEntry, AuditOutcome, detailsOf } from '../contract/messages/auditEntry.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { Owner } from '../contract/owner.ts';
import type { Principal } from '../contract/principal.ts';
import { LimitedLog } from '../process/limitedLog.ts';
import type { Logger } from '../process/log.ts';

interface NamedClient {
  readonly owner: Owner;
  readonly address: string | undefined;
}

/** A client that asks for something of operators. */
export interface Caller extends NamedClient {
  readonly principal: Pick<Principal, 'role'>;
  /** Which other role the client has, and what to do to be an operator; undefined if it is one. */
  readonly whyNoOperator: () => Promise<string | undefined>;
}

/** What is asked for. */
interface Asked {
  /** The name of the GraphQL field. */
  readonly action: string;
  /** The model or the task that it is about. */
  readonly target?: string | undefined;
  /** Whether viewers may do it, too. */
  readonly viewersMay?: boolean;
}

interface Action<T> extends Asked {
  readonly asked: object;
  /** The state that the action will change, if it can be told before. */
  readonly before?: () => unknown | Promise<unknown>;
  readonly run: () => Promise<T>;
  /** What to record of a result. */
  readonly told: (result: T) => { readonly before?: unknown; readonly after?: unknown };
}

export interface AuditPage {
  readonly entries: readonly StoredAuditEntry[];
  /** The cursor after which the page begins. */
  readonly after: string | undefined;
  readonly hasNextPage: boolean;
}

type AuditBroker = Pick<Broker, 'now'> & {
  readonly audit: Pick<Broker['audit'], 'store' | 'before'>;
};

export const MAX_AUDIT_PAGE = 100;
const CURSOR = /^[1-9][0-9]{0,14}$/;
/** Longer names are cut off. Any client can send them. */
const LONGEST_NAME = 200;

export class Audit {
  readonly #broker: AuditBroker;
  readonly #log: Logger;
  readonly #refusals: LimitedLog;

  constructor({ broker, log }: { readonly broker: AuditBroker; readonly log: Logger }) {
    this.#broker = broker;
    this.#log = log;
    this.#refusals = new LimitedLog({
      warn: (entry, message) => {
        log.warn(entry, message);
        void this.#store(entry as AuditEntry);
      },
    });
  }

  /** Lets operators pass. @throws {RequestError} `FORBIDDEN`, `TOO_MANY_ATTEMPTS`; that is recorded. */
  async admit(caller: Caller, asked: Asked): Promise<void> {
    const { viewersMay = false } = asked;
    if (viewersMay && caller.principal.role === 'viewer') return;
    try {
      const why = await caller.whyNoOperator();
      if (why !== undefined) throw roleNeeded(viewersMay ? 'viewer or operator' : 'operator', why);
    } catch (error) {
      this.#noteRefusal(caller, asked, codeOf(error));
      throw error;
    }
  }

  /** Records a viewer that was refused a mutation before it ran. @param viewer.field what the mutation asks for first. */
  noteRefusedViewer({
    field = 'mutation',
    ...viewer
  }: NamedClient & { readonly field: string | undefined }): void {
    this.#noteRefusal(viewer, { action: field }, RequestErrorCode.Forbidden);
  }

  /** Runs an action of an operator. @throws as `admit`, and what the action throws. */
  async act<T>(caller: Caller, { asked, before, run, told, ...what }: Action<T>): Promise<T> {
    await this.admit(caller, what);
    let begun: AuditEntry = { ...this.#entry(caller, what, AuditOutcome.Begun), asked: detailsOf(asked) };
    let result: T;
    try {
      if (before !== undefined) begun = { ...begun, before: detailsOf(await before()) };
      await this.#record(begun, 'an operator acts');
      result = await run();
    } catch (error) {
      const failed = { ...begun, at: this.#broker.now(), outcome: AuditOutcome.Failed, code: codeOf(error) };
      await this.#record(failed, 'the action of an operator failed');
      throw error;
    }
    const changed = Object.entries(told(result)).map(([name, value]) => [name, detailsOf(value)]);
    const done = { ...begun, at: this.#broker.now(), outcome: AuditOutcome.Done };
    await this.#record({ ...done, ...Object.fromEntries(changed) }, 'an operator has acted');
    return result;
  }

  /**
   * A page of entries, newest first.
   *
   * @param first 1 to `MAX_AUDIT_PAGE`.
   * @param after a cursor (`auditCursorOf`).
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`.
   */
  async page(first: number, after: string | undefined): Promise<AuditPage> {
    if (first < 1 || first > MAX_AUDIT_PAGE)
      throw badValue('first', `from 1 to ${MAX_AUDIT_PAGE}`, String(first));
    if (after !== undefined && !CURSOR.test(after))
      throw badValue('after', 'a cursor of an earlier page', quoted(after));
    const end = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    const { found, isCut } = await this.#broker.audit.before(end, first + 1);
    return { entries: found.slice(0, first), after, hasNextPage: isCut || found.length > first };
  }

  #noteRefusal(client: NamedClient, asked: Asked, code: string): void {
    const entry = { ...this.#entry(client, asked, AuditOutcome.Refused), code };
    this.#refusals.warn(asked.action, () => entry, 'refused a client that is no operator');
  }

  #entry({ owner, address }: NamedClient, { action, target }: Asked, outcome: AuditOutcome): AuditEntry {
    return {
      v: MESSAGE_VERSION,
      id: randomUUID(),
      at: this.#broker.now(),
      action,
      outcome,
      owner,
      ...(target && { target: target.slice(0, LONGEST_NAME) }),
      ...(address && { address }),
    };
  }

  async #record(entry: AuditEntry, message: string): Promise<void> {
    this.#log.info(entry, message);
    await this.#store(entry);
  }

  async #store(entry: AuditEntry): Promise<void> {
    const outcome = await this.#broker.audit.store(entry);
    if (outcome.type !== 'stored')
      this.#log.error(
        { entry, reason: outcome.reason },
        'an audit entry was not stored: only this log has it',
      );
  }
}

export function auditCursorOf({ sequence }: StoredAuditEntry): string {
  return String(sequence);
}

function codeOf(error: unknown): string {
  return error instanceof RequestError ? error.code : 'INTERNAL_SERVER_ERROR';
}
