/** The rollout of a model as it is stored. */
import { INSTANT } from '../bounds.ts';
import { BUCKETS, type BucketRange, bucketsOf, ROLLOUT_MEMBERS, ROLLOUT_OPTIONAL } from '../rollout.ts';
import { object, type Passing } from '../schema.ts';
import { decoderOf, requireThat, VERSION } from './decoder.ts';

export const ROLLOUT_RECORD = object(
  'a rollout',
  {
    v: VERSION,
    ...ROLLOUT_MEMBERS,
    /** Milliseconds since the epoch, broker time. */
    setAt: INSTANT,
  },
  ROLLOUT_OPTIONAL,
);
export type RolloutRecord = Passing<typeof ROLLOUT_RECORD>;

const readRolloutRecord = decoderOf(ROLLOUT_RECORD);

/** Decodes a rollout. Throws as every decoder does, see `decoderOf`. */
export function decodeRolloutRecord(data: Uint8Array): RolloutRecord {
  const record = readRolloutRecord(data);
  const { weights, ranges, shadow } = record;
  const finer = [...weights, ...(shadow?.weights ?? [])].find((weight) => bucketsOf(weight) === undefined);
  requireThat(finer === undefined, 'percent', 'a percentage with 2 decimals at most', finer?.percent);
  requireThat(coverNothingOrAll(ranges), 'ranges', `empty, or in order and up to ${BUCKETS}`, ranges);
  return record;
}

function coverNothingOrAll(ranges: readonly BucketRange[]): boolean {
  let covered = 0;
  for (const [, from, to] of ranges) {
    if (from !== covered || to <= covered) return false;
    covered = to;
  }
  return covered === 0 || covered === BUCKETS;
}
