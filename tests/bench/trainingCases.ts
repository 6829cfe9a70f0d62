/** What `trainings` trains: the versions 1 and 3 of trip-duration if their months are there, otherwise housing on made-up rows. */
import { existsSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeTracts } from '../../examples/housing-workflow/madeTracts.ts';

/** A recipe, and the files that it gets. */
export interface TrainingCase {
  readonly name: string;
  readonly model: string;
  readonly recipe: string;
  readonly train: readonly string[];
  readonly validate: readonly string[];
  /** The judge sees them; the recipe does only in `npm run train`, and only with `recipeJudges`. */
  readonly holdout: readonly string[];
  readonly recipeJudges: boolean;
  /** How often it is trained each way. */
  readonly pairs: number;
}

export interface TrainingCases extends AsyncDisposable {
  readonly cases: readonly TrainingCase[];
}

/** @param folder with the months; undefined: tables are made. @throws if the folder lacks one of them. */
export async function trainingCases(folder: string | undefined): Promise<TrainingCases> {
  if (folder !== undefined) return { cases: tripCases(folder), async [Symbol.asyncDispose]() {} };
  const made = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const [table, holdout] = [join(made.path, 'tracts.csv'), join(made.path, 'holdout.csv')];
  await writeFile(table, madeTracts(1));
  await writeFile(holdout, madeTracts(2));
  const files = { train: [table], validate: [], holdout: [holdout] };
  // Its recipe takes one file, and judges the version on a part of it.
  const housing = { name: 'housing', model: 'housing', recipe: 'train.py', ...files, recipeJudges: false };
  return { cases: [{ ...housing, pairs: 3 }], [Symbol.asyncDispose]: () => made.remove() };
}

function tripCases(folder: string): readonly TrainingCase[] {
  const months = (...names: readonly string[]) =>
    names.map((month) => {
      const file = join(folder, `green_tripdata_${month}.parquet`);
      if (!existsSync(file)) throw new Error(`--data must be a folder with ${file}`);
      return file;
    });
  const trips = { model: 'trip-duration', recipeJudges: true };
  return [
    {
      ...trips,
      name: 'trip-duration 1',
      recipe: 'train.ts',
      train: months('2021-01'),
      validate: months('2021-02'),
      holdout: months('2021-03'),
      pairs: 3,
    },
    {
      ...trips,
      name: 'trip-duration 3',
      recipe: 'train.py',
      train: months('2021-01', '2021-02', '2021-03', '2021-04', '2022-01', '2022-02'),
      validate: [],
      holdout: months('2023-01', '2023-02'),
      pairs: 1,
    },
  ];
}
