/** Whose a task is. Each job, request record, dead letter and result carries it. */
import { type Passing, text } from './schema.ts';

const LONGEST_OWNER = 200;

export const OWNER = text(`an owner, a text of 1 to ${LONGEST_OWNER} characters`, {
  minLength: 1,
  maxLength: LONGEST_OWNER,
});
export type Owner = Passing<typeof OWNER>;

/** Owns every task until there is a login. */
export const ANONYMOUS: Owner = 'anonymous';
