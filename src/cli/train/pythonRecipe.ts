/** Runs recipes in Python, `models/<name>/train.py`, like those in TypeScript. The other half is `models/recipe.py`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { ensurePython } from '../../process/pythonEnvironment.ts';
import { DataError, type Metric, type Recipe, type TrainedVersion, type TrainingFiles } from './recipe.ts';

/** The exit code of a recipe whose data cannot be used. The last line on stderr says why. */
const UNUSABLE_DATA = 65;
/** What a recipe leaves. All other files belong to the version as they are. */
const NAMED_FILES = ['model.onnx', 'metrics.json', 'golden.json'];

/**
 * @param file path of the `train.py`, with a `requirements.txt` beside it and `recipe.py` a folder above.
 * @returns a recipe that throws {PythonError} if its Python cannot be made.
 */
export function pythonRecipe(file: string): Recipe {
  return async (files, report) => {
    const { python } = await ensurePython({ requirements: join(dirname(file), 'requirements.txt'), report });
    return runPythonRecipe(python, file, files, report);
  };
}

/**
 * Runs a recipe with a Python that has the packages it imports.
 *
 * @throws {DataError} with the message of the recipe. @throws {Error} with all its stderr, for any other failure.
 */
export async function runPythonRecipe(
  python: string,
  file: string,
  files: TrainingFiles,
  report: (step: string) => void,
): Promise<TrainedVersion> {
  await using out = await mkdtempDisposable(join(tmpdir(), 'tidings-train-'));
  const options = Object.entries(files).flatMap(([purpose, paths]) =>
    paths.flatMap((path: string) => [`--${purpose}`, path]),
  );
  const child = spawn(python, [file, ...options, '--out', out.path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Recipes import shared code from models/, and must leave no compiled files there.
    env: {
      ...process.env,
      PYTHONPATH: dirname(dirname(file)),
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONUTF8: '1',
    },
  });
  const ended = once(child, 'close');
  const errorText = text(child.stderr);
  for await (const step of createInterface({ input: child.stdout })) report(step);
  const [code, signal] = await ended;
  if (code === UNUSABLE_DATA) throw new DataError((await errorText).trim().split('\n').at(-1));
  if (code !== 0) throw new Error(`${file} ended by ${signal ?? `exit code ${code}`}\n${await errorText}`);
  // Awaited here, because the folder is removed when this function returns.
  return await readVersion(out.path);
}

async function readVersion(folder: string): Promise<TrainedVersion> {
  const readJson = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));
  const others = (await readdir(folder)).filter((name) => !NAMED_FILES.includes(name)).sort();
  return {
    model: await readFile(join(folder, 'model.onnx')),
    files: Object.fromEntries(
      await Promise.all(others.map(async (name) => [name, await readFile(join(folder, name))] as const)),
    ),
    metrics: (await readJson('metrics.json')) as Metric[],
    golden: (await readJson('golden.json')) as TrainedVersion['golden'],
  };
}
