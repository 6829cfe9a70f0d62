/** Fixes at the start of a score all that its predictions depend on. It stays the same until the output is complete. */
import type { InputFile } from '../../data/inputFile.ts';
import type { MappedInput, Notation } from '../../data/mapping.ts';
import type { DateFormat } from '../../data/timeFormat.ts';
import { partialOf } from './table.ts';
import { type ModelView, ScoreError } from './tidings.ts';

export interface Plan extends Notation {
  readonly model: string;
  readonly version: string;
  /** Hex SHA-256 of the version's model, and of the content of the file. */
  readonly modelDigest: string;
  readonly fileDigest: string;
  /** The inputs and outputs of the model, as JSON. */
  readonly fields: string;
  /** The column of each input, as JSON. */
  readonly map: string;
  /** The character between the cells of a CSV. */
  readonly delimiter: string;
  /** The instant that a local time `now` means, in all rows. RFC 3339. */
  readonly now: string;
}

/** The part of a plan that is known before the rows are read. */
type Draft = Omit<Plan, 'dateFormats' | 'hasDecimalCommas'>;

/**
 * The names of the members that must stay the same, for messages. `now` always does: it is taken from the earlier run.
 */
const NAMES: Readonly<Record<Exclude<keyof Draft, 'now'>, string>> = {
  model: '--model',
  version: '--model-version',
  modelDigest: 'the model of the version',
  fileDigest: 'the content of the file',
  fields: "the model's inputs or outputs",
  map: 'the columns of the inputs (--map)',
  delimiter: '--delimiter',
};

/**
 * @param modelVersion the version that the command line names.
 * @param kept the plan of an earlier run: its version and instant stay.
 * @throws {ScoreError} if the version is not offered, or if none is named and no single one answers all tasks.
 */
export function draftOf({
  model,
  file,
  mapped,
  modelVersion,
  delimiter,
  kept,
}: {
  model: ModelView;
  file: Pick<InputFile, 'digest'>;
  mapped: readonly MappedInput[];
  modelVersion: string | undefined;
  delimiter: string;
  kept: Plan | undefined;
}): Draft {
  const version = modelVersion ?? kept?.version ?? versionOfAll(model);
  const columns = mapped.flatMap(({ input, column }) =>
    column === undefined ? [] : [[input.name, column.index, column.name]],
  );
  return {
    model: model.name,
    version,
    modelDigest: digestOf(model, version),
    fileDigest: file.digest,
    fields: JSON.stringify([model.inputs, model.outputs]),
    map: JSON.stringify(columns),
    delimiter,
    now: kept?.now ?? new Date().toISOString(),
  };
}

/**
 * @param requested the formats of dates that the command line names. Other formats stay as they were decided.
 * @throws {ScoreError} naming everything that differs from the earlier run.
 */
export function checkSame(
  out: string,
  { kept, draft, requested }: { kept: Plan; draft: Draft; requested: ReadonlyMap<string, DateFormat> },
): void {
  const names = Object.entries(NAMES).flatMap(([key, name]) =>
    kept[key as keyof Draft] === draft[key as keyof Draft] ? [] : [name],
  );
  if (
    Object.entries(kept.dateFormats ?? {}).some(
      ([input, format]) => (requested.get(input) ?? format) !== format,
    )
  )
    names.push('--date-format');
  if (names.length === 0) return;
  throw new ScoreError(
    `${partialOf(out)} holds part of another score, which differs in ${names.join(', ')}. Delete it to start again.`,
  );
}

/** The version that answers all tasks that name no version. */
function versionOfAll({ name, versions, rollout }: ModelView): string {
  const shares = rollout?.filter(({ percent }) => percent > 0);
  const newestServed = versions.findLast(({ state }) => state === 'SERVED')?.version;
  const one = shares === undefined ? newestServed : onlyOneOf(shares);
  if (one !== undefined) return one;
  throw new ScoreError(
    shares === undefined
      ? `no live worker serves ${name}: start one, or say which version it will serve with --model-version`
      : `the tasks of ${name} go to version ${shares.map(({ version, percent, isThere }) => `${version} (${percent} %${isThere ? '' : ', gone'})`).join(' and ')}: say with --model-version which is to score`,
  );
}

function onlyOneOf(shares: NonNullable<ModelView['rollout']>): string | undefined {
  const [first, ...others] = shares;
  return others.length === 0 && first?.isThere ? first.version : undefined;
}

function digestOf({ name, versions }: ModelView, wanted: string): string {
  const offered = versions.filter(({ state }) => state === 'SERVED' || state === 'WAITING');
  const found = offered.find(({ version }) => version === wanted);
  if (found !== undefined) return found.digest;
  const known = offered.map(({ version }) => version).join(', ') || 'none now';
  throw new ScoreError(
    `--model-version must be a version of ${name} that can be had (${known}), got ${wanted}`,
  );
}
