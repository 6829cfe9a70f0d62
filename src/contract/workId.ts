/**
 * The id of a task that is work: a training, or the check of a dataset. It looks as that of a prediction up to the
 * deadline. Then a letter that is no hex digit tells the kind, so an id is never taken for one of the other kind:
 *
 *     trip_duration_7f3a9c21_1795342861_t10541a7103efa1b2c3d4e5f60718293a4b5c
 *     model         home     deadline   kind, opened and secret
 *
 * `opened` is the instant of acceptance in tenths of a millisecond: a list of work is ordered by it.
 */
import { randomUUID } from 'node:crypto';
import { WorkKind } from './work.ts';

export interface WorkAddress {
  readonly id: string;
  readonly kind: WorkKind;
  readonly model: string;
  readonly home: string;
  /** Seconds since the epoch, broker time. */
  readonly deadlineSecond: number;
  /** Tenths of a millisecond since the epoch, broker time. */
  readonly openedAt: number;
}

const LETTERS: Readonly<Record<WorkKind, string>> = { [WorkKind.Training]: 't', [WorkKind.Dataset]: 's' };
/** What follows the letter: 12 digits of the instant and 24 of the secret. */
const TAIL_LENGTH = 36;
const OPENED_LENGTH = 12;
const WORK_ID = /^([a-z][a-z0-9_]{0,62})_([0-9a-f]{8})_([0-9]{10})_([ts])([0-9a-f]{12})[0-9a-f]{24}$/;

export function newWorkAddress(origin: Omit<WorkAddress, 'id'>): WorkAddress {
  const { kind, model, home, deadlineSecond, openedAt } = origin;
  const opened = openedAt.toString(16).padStart(OPENED_LENGTH, '0');
  const secret = randomUUID();
  const digits = secret.slice(0, 8) + secret.slice(9, 13) + secret.slice(24);
  const tail = `${LETTERS[kind]}${opened}${digits}`;
  return { ...origin, id: `${model.replaceAll('-', '_')}_${home}_${deadlineSecond}_${tail}` };
}

/** Whether a text may be the id of work. It costs one look at one character, since ids of predictions come here, too. */
export function looksLikeWork(id: string): boolean {
  const letter = id.at(-TAIL_LENGTH - 1);
  return letter === 't' || letter === 's';
}

/** @returns undefined if the text cannot be the id of work of ours. */
export function parseWorkId(id: string): WorkAddress | undefined {
  const [, name, home, second, letter, opened] = WORK_ID.exec(id) ?? [];
  if (name === undefined || home === undefined || opened === undefined) return undefined;
  return {
    id,
    kind: letter === LETTERS[WorkKind.Dataset] ? WorkKind.Dataset : WorkKind.Training,
    model: name.replaceAll('_', '-'),
    home,
    deadlineSecond: Number(second),
    openedAt: Number.parseInt(opened, 16),
  };
}
