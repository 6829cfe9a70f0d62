/** The owner of a task. Each job, result and actual carries it; a request record and a dead letter in their job. */
import { type Passing, text } from './schema.ts';

const LONGEST_OWNER = 200;

export const OWNER = text(`an owner, a text of 1 to ${LONGEST_OWNER} characters`, {
  minLength: 1,
  maxLength: LONGEST_OWNER,
});
export type Owner = Passing<typeof OWNER>;

/** Owns every task until there is a login. */
export const ANONYMOUS: Owner = 'anonymous';
