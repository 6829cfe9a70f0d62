/** The owner of a task. Each job, result and actual carries it; a request record and a dead letter in their job. */
import { hash } from 'node:crypto';
import { type Passing, text } from './schema.ts';

const LONGEST_OWNER = 200;

export const OWNER = text(`an owner, a text of 1 to ${LONGEST_OWNER} characters`, {
  minLength: 1,
  maxLength: LONGEST_OWNER,
});
export type Owner = Passing<typeof OWNER>;

/** Owns every task where clients need no login. */
export const ANONYMOUS: Owner = 'anonymous';

const TOKEN_LENGTH = 16;

/** The owner as a token of a subject: the first hex digits of its SHA-256. An owner may have dots and spaces. */
export function ownerToken(owner: Owner): string {
  return hash('sha256', owner, 'hex').slice(0, TOKEN_LENGTH);
}
