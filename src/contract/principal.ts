/** A client that was recognised: the owner that it acts for, and its role. */
import type { Owner } from './owner.ts';
import type { QuotaHolder } from './quotas.ts';
import { oneOf } from './schema.ts';

/**
 *  submitter  submits tasks, and reads, watches and cancels those of its owner.
 *  viewer     reads and watches the tasks of every owner, and changes nothing.
 *  operator   may do everything.
 */
export const ROLES = ['submitter', 'viewer', 'operator'] as const;
export type Role = (typeof ROLES)[number];
export const ROLE = oneOf(ROLES);

export interface Principal extends QuotaHolder {
  readonly role: Role;
}

/** What a client has shown: a key, a token, or only that it reaches the gateway. */
export interface Identity {
  readonly principal: Principal;
  /**
   * Why it counts no longer: a token expires, a key is revoked. Absent if it counts for ever. It costs next to nothing,
   * so it is asked before each use and once a second.
   */
  readonly endedBy?: () => IdentityEnd | undefined;
}

/** Read after "The key or token". */
export type IdentityEnd = 'has expired' | 'was revoked';

/** Stands for the tasks of every owner. */
export const EVERY_OWNER = Symbol('every owner');
/** The owners whose tasks a client may read. */
export type Readable = Owner | typeof EVERY_OWNER;

/** A client that reads or watches tasks. */
export interface ReadingClient extends QuotaHolder {
  readonly readable: Readable;
}

export function readableBy({ owner, role }: Principal): Readable {
  return role === 'submitter' ? owner : EVERY_OWNER;
}

/** The owner whose tasks are read; undefined: those of every owner. */
export function ownerIn(readable: Readable): Owner | undefined {
  return readable === EVERY_OWNER ? undefined : readable;
}

export function mayRead(readable: Readable, owner: Owner): boolean {
  return readable === EVERY_OWNER || readable === owner;
}
