/** All that decides what is predicted for a file: fixed when a score begins, and the same until its output is whole. */
import type { InputFile } from './inputFile.ts';
import type { MappedInput } from './mapping.ts';
import { partialOf } from './table.ts';
import { type ModelView, ScoreError } from './tidings.ts';
import type { DateFormat } from './timeFormat.ts';

export interface Plan {
  readonly model: string;
  readonly version: string;
  /** Of the version's model, and of the file's content: hex SHA-256. */
  readonly modelDigest: string;
  readonly fileDigest: string;
  /** The inputs and outputs of the model, as it describes them. */
  readonly fields: string;
  /** Which column each input has. */
  readonly map: string;
  /** Between the cells of a CSV. */
  readonly delimiter: string;
  /** By input whose times are texts, how these are written. */
  readonly dateFormats: Readonly<Record<string, DateFormat>>;
  /** Whether numbers of the file have decimal commas: a point may part thousands then. */
  readonly hasDecimalCommas: boolean;
  /** The instant that a local time `now` is, in all rows: RFC 3339. */
  readonly now: string;
}

/** What a plan consists of before the rows have been read. */
type Draft = Omit<Plan, 'dateFormats' | 'hasDecimalCommas'>;

/** How a person knows what must stay the same; `now` does by itself. */
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
 * @param modelVersion the one that is asked for.
 * @param kept of an earlier run: its version and instant stay.
 * @throws {ScoreError} if the version cannot be had, or there is not one that answers all tasks.
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
 * @param told the formats of dates that the command line names: others stay as they were decided.
 * @throws {ScoreError} naming whatever is not as it was when the earlier run began.
 */
export function checkSame(
  out: string,
  { kept, draft, told }: { kept: Plan; draft: Draft; told: ReadonlyMap<string, DateFormat> },
): void {
  const names = Object.entries(NAMES).flatMap(([key, name]) =>
    kept[key as keyof Draft] === draft[key as keyof Draft] ? [] : [name],
  );
  if (
    Object.entries(kept.dateFormats ?? {}).some(([input, format]) => (told.get(input) ?? format) !== format)
  )
    names.push('--date-format');
  if (names.length === 0) return;
  throw new ScoreError(
    `${partialOf(out)} holds part of another score, which differs in ${names.join(', ')}. Delete it to begin anew.`,
  );
}

/** The version that answers every task that names none. */
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
