/** What a checkout without the tools of its developers has to have. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const { dependencies, optionalDependencies, devDependencies } = packageJson;
const WITHOUT_DUCKDB = ['--import', './tests/support/withoutDuckDb.js'];
const IMPORT = /^(?:import|export)\s(?!type\s)(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm;

/** What a file imports, types left out. */
function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, named, loaded]) => named ?? loaded ?? '');
}

function packagesOf(file: string): readonly string[] {
  return importsOf(file)
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

test('each package that Tidings imports is a dependency, and each dependency is imported', async () => {
  const files = await Array.fromAsync(
    glob(['{src,workers,schema,models}/**/*.{ts,js}', 'setup.js'], { cwd: ROOT }),
  );
  const imported = new Set(files.flatMap((file) => packagesOf(join(ROOT, file))));
  const needed = Object.keys({ ...dependencies, ...optionalDependencies });
  expect(files.length).toBeGreaterThan(200);
  expect([...imported].filter((name) => !needed.includes(name))).toEqual([]);
  // Node itself comes as packages, one for each platform.
  const importable = needed.filter((name) => !name.startsWith('node-'));
  expect(importable.filter((name) => !imported.has(name))).toEqual([]);
  expect(Object.keys(devDependencies).filter((name) => needed.includes(name))).toEqual([]);
});

test('only types of node:http are imported, since anything else loads undici at each start', async () => {
  const files = await Array.fromAsync(glob('{src,workers,schema}/**/*.ts', { cwd: ROOT }));
  expect(files.filter((file) => importsOf(join(ROOT, file)).includes('node:http'))).toEqual([]);
});

test.each(['.', 'examples/react', 'tests/clients'])(
  'the lock file of %s names no registry',
  async (folder) => {
    const lockFile = JSON.parse(await readFile(join(ROOT, folder, 'package-lock.json'), 'utf8'));
    expect(Object.values<object>(lockFile.packages).filter((each) => 'resolved' in each)).toEqual([]);
  },
);

test.each([
  ['score', ['src/cli/score.ts', '--model', 'trip-duration', 'package.json', 'out.csv'], 'npm run score'],
  [
    'a recipe',
    ['src/cli/train.ts', 'trip-duration', '--recipe', 'train.ts', '--train', 'package.json'],
    'the recipe of trip-duration',
  ],
])('without DuckDB %s ends with what to do about it', async (_what, command, needing) => {
  const { code, stderr } = await run([...WITHOUT_DUCKDB, ...command]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    `${needing} needs the package @duckdb/node-api, which cannot be loaded here (Cannot find package '@duckdb/node-api'). Install it with npm ci --include=optional; `,
  );
  expect(stderr).not.toContain(' at ');
});

test('the other commands do without DuckDB', async () => {
  expect(await run([...WITHOUT_DUCKDB, 'src/cli/score.ts', '--help'])).toMatchObject({ code: 0 });
  expect(await run([...WITHOUT_DUCKDB, 'src/cli/model.ts', 'list'])).toMatchObject({ code: 0 });
});

function run(args: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (error, _stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    );
  });
}
