/**
 * The id of a task is opaque to clients and contains everything that is needed to find the task again:
 *
 *     trip_duration_7f3a9c21_1795342861_0123456789abcdef000b9f8e7d6c5b4a39281706f5e4
 *     model         home     deadline   bundle          row secret
 *
 * `home` is the gateway that accepted the task, `deadline` the second (broker time) in which it ends, rounded up. Tasks
 * that are submitted together travel as rows of one bundle. The id tells which bundle and row, and 96 random bits of its
 * own make it unguessable, also by the owners of the other rows. The id is one token of a NATS subject. A double click
 * selects all of it, since the hyphens of the model's name are written as underscores, which no model's name has.
 *
 * The bundle tells when it was opened, in tenths of a millisecond, and four digits of its owner's token. So tasks have an
 * order that never changes, and a queue of many owners can be searched by the subjects in it.
 *
 * A task of 0.2 has 24 random digits in the place of bundle, row and secret: it is alone in its message.
 */
import { randomUUID } from 'node:crypto';
import { type Owner, ownerToken } from './owner.ts';

/** Where the bundle of a task is found. */
export interface BundleAddress {
  readonly model: string;
  readonly home: string;
  /** Seconds since the epoch, broker time. */
  readonly deadlineSecond: number;
  /** Names the bundle in subjects: its home and its number; of a task of 0.2, the task's id. */
  readonly bundle: string;
}

/** The parts of a task id. */
export interface TaskAddress extends BundleAddress {
  readonly id: string;
  /** Its place in the bundle. */
  readonly row: number;
  /** Hex; undefined for a task of 0.2. */
  readonly secret: string | undefined;
}

/** The most rows of a bundle: the errors of all of them fit into one message. */
export const MAX_BUNDLE_ROWS = 128;
/** Hex digits. */
export const SECRET_LENGTH = 24;
const OPENED_LENGTH = 12;
const TAG_LENGTH = 4;
const ROW_LENGTH = 4;
const SLOT_MS = 10_000;

/** What names a new bundle. */
export interface BundleOrigin {
  readonly model: string;
  readonly home: string;
  /** Seconds since the epoch, broker time. */
  readonly deadlineSecond: number;
  /** Tenths of a millisecond since the epoch, broker time. A home uses each number once. */
  readonly openedAt: number;
  readonly owner: Owner;
}

/** Makes the address of a new bundle. */
export function newBundleAddress({
  model,
  home,
  deadlineSecond,
  openedAt,
  owner,
}: BundleOrigin): BundleAddress {
  const opened = openedAt.toString(16).padStart(OPENED_LENGTH, '0');
  return { model, home, deadlineSecond, bundle: `${home}_${opened}${ownerTag(owner)}` };
}

/** The digits by which the name of a bundle tells its owner from most others. */
export function ownerTag(owner: Owner): string {
  return ownerToken(owner).slice(0, TAG_LENGTH);
}

/** What the name of a bundle tells; undefined for a bundle of 0.2. */
export function bundleParts(bundle: string) {
  const [, home = '', opened = '', tag = ''] = BUNDLE_NAME.exec(bundle) ?? [];
  return home === '' ? undefined : { home, opened, tag };
}

/** The slot in which a bundle was opened. It is a token of the subject of its ends. */
export function openedSlot({ home, bundle }: Pick<BundleAddress, 'home' | 'bundle'>): number {
  const from = home.length + 1;
  return slotOf(Number.parseInt(bundle.slice(from, from + OPENED_LENGTH), 16) / 10);
}

/** The number of the ten seconds, since the epoch, that an instant lies in. @param ms milliseconds since the epoch. */
export function slotOf(ms: number): number {
  return Math.floor(ms / SLOT_MS);
}

/** The first instant of a slot, in milliseconds since the epoch. */
export function startOfSlot(slot: number): number {
  return slot * SLOT_MS;
}

/** Makes the address of a new task in a bundle. */
export function newRowAddress(bundle: BundleAddress, row: number): TaskAddress {
  return rowAddress(bundle, row, randomHex());
}

/** The address of a task of a bundle that is not one of 0.2. */
export function rowAddress(
  { model, home, deadlineSecond, bundle }: BundleAddress,
  row: number,
  secret: string,
): TaskAddress {
  const place = bundle.slice(home.length + 1) + row.toString(16).padStart(ROW_LENGTH, '0');
  const id = `${model.replaceAll('-', '_')}_${home}_${deadlineSecond}_${place}${secret}`;
  return { id, model, home, deadlineSecond, bundle, row, secret };
}

/** 96 random bits in hex: those of a UUID, which Node makes from a stock of random bytes. */
function randomHex(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(24);
}

const BUNDLE_NAME = /^([0-9a-f]{8})_([0-9a-f]{12})([0-9a-f]{4})$/;
const TASK_ID =
  /^([a-z][a-z0-9_]{0,62})_([0-9a-f]{8})_([0-9]{10})_(?:([0-9a-f]{16})([0-9a-f]{4}))?([0-9a-f]{24})$/;

/** @returns undefined if the text cannot be an id of ours. */
export function parseTaskId(id: string): TaskAddress | undefined {
  const [, name, home, second, bundle, row, secret] = TASK_ID.exec(id) ?? [];
  if (name === undefined || home === undefined) return undefined;
  const common = { id, model: name.replaceAll('_', '-'), home, deadlineSecond: Number(second) };
  if (bundle === undefined) return { ...common, bundle: id, row: 0, secret: undefined };
  return { ...common, bundle: `${home}_${bundle}`, row: Number.parseInt(row ?? '', 16), secret };
}

/** An id for a job whose subject names no task. It depends on the content only, and no gateway is its home. */
export function unnamedTaskId(model: string, contentDigest: string): string {
  return `${model.replaceAll('-', '_')}_00000000_0000000000_${contentDigest.slice(0, SECRET_LENGTH)}`;
}

/** A text without the task ids in it: with an id, anybody can see and cancel the task. */
export function withoutTaskIds(text: string): string {
  return text.replaceAll(/[a-z][a-z0-9_]*_[0-9a-f]{8}_[0-9]{10}_[ts]?[0-9a-f]{24,44}/g, '…');
}
