/** Finds the column of each input, by what the gateway tells of a model and by the command line. */
import { type MappedInput, mapInputs as mapManifestInputs } from '../../data/mapping.ts';
import { type FileColumn, namesOf } from '../../data/sql.ts';
import type { ManifestInput } from '../../models/manifest.ts';
import { type FieldView, type ModelView, ScoreError } from './tidings.ts';

/**
 * @param named the columns that the command line names, by input. Without it the one counts that the manifest names,
 *   if the file has it.
 * @param folder of the file, in which its cells may name pictures and sounds.
 * @throws {ScoreError} naming every input whose column is missing or has a wrong type.
 */
export function mapInputs(
  { inputs, training }: ModelView,
  columns: readonly FileColumn[],
  named: ReadonlyMap<string, string>,
  folder = '.',
): readonly MappedInput[] {
  const unknown = [...named.keys()].find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const known = inputs.map(({ name }) => name).join(', ');
    throw new ScoreError(`--map must name inputs of the model (${known}), got ${unknown}`);
  }
  const ofManifest = (training?.columns ?? []).flatMap(({ input, column }) =>
    columns.some(({ name }) => name === column) ? [[input, column] as const] : [],
  );
  const wanted = new Map([...ofManifest, ...named]);
  const { mapped, problems } = mapManifestInputs(inputs.map(manifestInput), columns, wanted, folder);
  if (problems.length === 0) return mapped;
  // Signs of a wrong delimiter: there is only one column, or a name contains a delimiter.
  const isCutWrong = columns.length === 1 || columns.some(({ name }) => /[;|\t]/.test(name));
  const hint = columns[0]?.name.startsWith('sep=')
    ? ' Its first line, which is for Excel, must be deleted, since the first line has the names.'
    : isCutWrong
      ? ' Cells are separated by commas, if --delimiter does not say otherwise.'
      : '';
  throw new ScoreError(
    `${problems.join('; ')}. The file has ${namesOf(columns)}; --map input=column names the column of an input.${hint}`,
  );
}

/** A line for each input that has no column and so gets its default. */
export function missingColumns({ inputs }: ModelView, mapped: readonly MappedInput[]): readonly string[] {
  const withColumn = new Set(
    mapped.flatMap(({ input, column }) => (column === undefined ? [] : [input.name])),
  );
  return inputs
    .filter(({ name }) => !withColumn.has(name))
    .map((view) => `${view.name}: no column, the default (${plainDefault(view)}) is used`);
}

/** The input as the manifest describes it, with all that the checks need. */
function manifestInput(view: FieldView): ManifestInput {
  const values = view.values?.map((name, i) => ({ name, value: view.modelValues?.[i] ?? name }));
  const shape = view.shape?.map(({ size }) => size ?? 'varies');
  return {
    ...Object.fromEntries(Object.entries(view).filter(([, value]) => value !== null)),
    ...(view.default === null ? {} : { default: plainDefault(view) }),
    ...(values === undefined ? {} : { values }),
    ...(shape === undefined ? {} : { shape }),
    // The gateway knows how many pixels are allowed.
    ...(view.kind == null ? {} : { kind: view.kind.toLowerCase(), maxPixels: Number.POSITIVE_INFINITY }),
  } as unknown as ManifestInput;
}

/** The default as a user would write it, without quotes. */
function plainDefault({ default: text }: FieldView): string | undefined {
  return text?.replace(/^"(.*)"$/, '$1');
}
