/** The share that an owner may have of something that all owners fill. */
import { ANONYMOUS, type Owner } from '../contract/owner.ts';

/**
 * How many times the free part an owner may have. One owner alone can take four fifths. Of several that take all they
 * can, each gets the same, and a part is free at any time for others that come.
 */
export const TIMES_FREE = 4;

/** @param wanted what the owner would have. @param free the part that nobody has. */
export function isBeyondShare(owner: Owner, wanted: number, free: number): boolean {
  // Without a login all clients are one owner: there is nobody to share with.
  return owner !== ANONYMOUS && wanted > TIMES_FREE * free;
}
