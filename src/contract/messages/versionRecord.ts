/**
 * A version of a model in the registry: its files, and where it came from. It is written once and never changes; a
 * version that is retired has a second message beside it.
 */
import { ANY_TEXT, FINITE, INSTANT, LONGEST_LIST, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { custom, listOf, object, type Passing, text } from '../schema.ts';
import { parseVersionSubject } from '../subjects.ts';
import { CHECKS, FILE, SHA256 } from '../work.ts';
import { PROFILE } from './datasetRecord.ts';
import { decoderOf, requireAsInSubject, requireThat, VERSION } from './decoder.ts';

const METRIC = object('a figure', { data: NAME, name: NAME, unit: NAME, value: FINITE });
export const METRICS = listOf('a list of figures', METRIC, { maxItems: LONGEST_LIST });

const PROVENANCE = object(
  'the provenance of a version',
  {
    /** What makes it: data, recipe, parameters, seed and environment. Another run with the same key is not needed. */
    runKey: SHA256,
    datasets: listOf('a list of datasets', object('a dataset', { name: NAME, digest: SHA256, use: NAME })),
    recipe: object('a recipe', { file: NAME, sha256: SHA256 }),
    params: custom<Readonly<Record<string, number | string | boolean>>>('values by the name of a parameter', {
      type: 'object',
    }),
    seed: FINITE,
    environment: ANY_TEXT,
    /** False if the environment is that of the machine, which nothing pins. */
    reproducible: custom<boolean>('true or false', { type: 'boolean' }),
    trainer: NAME,
  },
  { revision: ANY_TEXT },
);
export type Provenance = Passing<typeof PROVENANCE>;

export const VERSION_RECORD = object(
  'a version of a model',
  {
    v: VERSION,
    model: NAME,
    version: NAME,
    /** All files of its folder, version.json and golden.json included. */
    files: listOf('a list of files', FILE, { minItems: 1, maxItems: LONGEST_LIST }),
    /** As version.json has it. */
    sha256: SHA256,
    created: INSTANT,
    owner: OWNER,
    metrics: METRICS,
    gates: CHECKS,
    profile: PROFILE,
  },
  {
    /** Absent if an operator has pushed or uploaded it. */
    taskId: NAME,
    provenance: PROVENANCE,
    /** Ed25519, base64: over the canonical record without this member. */
    signature: text('a signature in base64', { maxLength: 100 }),
  },
);
export type VersionRecord = Passing<typeof VERSION_RECORD>;

export const RETIRED_VERSION = object('the end of a version', { v: VERSION, retiredAt: INSTANT, by: OWNER });
export type RetiredVersion = Passing<typeof RETIRED_VERSION>;

const readVersionRecord = decoderOf(VERSION_RECORD);

/** @param subject under which it is stored. Throws as every decoder does, see `decoderOf`. */
export function decodeVersionRecord(data: Uint8Array, subject: string): VersionRecord {
  const record = readVersionRecord(data);
  const { model = '', version = '' } = parseVersionSubject(subject) ?? {};
  requireAsInSubject('model', record.model, model);
  requireAsInSubject('version', record.version, version);
  const paths = record.files.map(({ path }) => path);
  requireThat(new Set(paths).size === paths.length, 'files', 'files with a path each', paths);
  return record;
}

/** Throws as every decoder does, see `decoderOf`. */
export const decodeRetiredVersion = decoderOf(RETIRED_VERSION);
