/** A dataset: its files, and the report of its newest check. */
import { ANY_TEXT, FINITE, INSTANT, LONGEST_LIST, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { custom, listOf, number, object, type Passing } from '../schema.ts';
import { DATA_FILE, SHA256 } from '../work.ts';
import { decoderOf, VERSION } from './decoder.ts';

const AMOUNT = number('a number from 0 on', 0, Number.MAX_SAFE_INTEGER);

const DATA_PROBLEM = object('a problem of the data', { message: ANY_TEXT }, { column: NAME, count: AMOUNT });
export type DataProblem = Passing<typeof DATA_PROBLEM>;

const COLUMN_REPORT = object(
  'the report of a column',
  { column: NAME, type: NAME, nulls: AMOUNT, outside: AMOUNT },
  {
    /** The input of the model that reads it. */
    input: NAME,
    least: ANY_TEXT,
    most: ANY_TEXT,
    /** Population stability index against what the live version was trained on. */
    psi: FINITE,
  },
);
export type ColumnReport = Passing<typeof COLUMN_REPORT>;

/**
 * How the values of an input are distributed: in bins of numbers, or over names. The last share is that of all others, and
 * all shares add up to 1.
 */
const INPUT_PROFILE = object(
  'the profile of an input',
  { input: NAME, shares: listOf('a list of shares', FINITE, { maxItems: 100 }) },
  {
    /** Upper bounds of all bins but the last. */
    bounds: listOf('a list of numbers', FINITE, { maxItems: 100 }),
    names: listOf('a list of names', ANY_TEXT, { maxItems: 100 }),
  },
);
export type InputProfile = Passing<typeof INPUT_PROFILE>;
export const PROFILE = listOf('a list of profiles', INPUT_PROFILE, { maxItems: LONGEST_LIST });

export const DATASET_RECORD = object('a dataset', {
  v: VERSION,
  name: NAME,
  digest: SHA256,
  model: NAME,
  owner: OWNER,
  taskId: NAME,
  createdAt: INSTANT,
  files: listOf('a list of data files', DATA_FILE, { minItems: 1, maxItems: LONGEST_LIST }),
  usable: custom<boolean>('true or false', { type: 'boolean' }),
  rowCount: AMOUNT,
  duplicates: AMOUNT,
  problems: listOf('a list of problems', DATA_PROBLEM, { maxItems: LONGEST_LIST }),
  columns: listOf('a list of columns', COLUMN_REPORT, { maxItems: LONGEST_LIST }),
  profile: PROFILE,
});
export type DatasetRecord = Passing<typeof DATASET_RECORD>;

/** Throws as every decoder does, see `decoderOf`. */
export const decodeDatasetRecord = decoderOf(DATASET_RECORD);
