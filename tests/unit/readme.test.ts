/** What the documents say of variables, codes, commands and files has to be so. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { RequestErrorCode } from '../../src/contract/errors.ts';
import { TaskErrorCode } from '../../src/contract/task.ts';
import { type EnvironmentVariable, environmentVariables } from '../../src/process/config.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'docs/architecture.md',
  'docs/protocol.md',
  'docs/decisions.md',
  'docs/performance.md',
];

test('the tables of docs/configuration.md have a row for each variable, with its unit, default and consequence', () => {
  const rows = rowsIn(read('docs/configuration.md'), 'variable | unit');
  expect(rows).toEqual(environmentVariables.map(tableRow));
});

test.each(['docs/errors.md', 'docs/protocol.md'])(
  '%s explains every code of a refused request',
  (document) => {
    const explained = rowsIn(read(document), '`extensions.code`', 'code | when exactly').flatMap(codesIn);
    expect(explained).toEqual(expect.arrayContaining(Object.values(RequestErrorCode)));
  },
);

test('docs/errors.md explains every code of a task that ended without a prediction', () => {
  const explained = rowsIn(read('docs/errors.md'), '`error.code`').flatMap(codesIn);
  expect(explained.toSorted()).toEqual(Object.values(TaskErrorCode).toSorted());
});

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document);

  test('names only npm scripts that exist', () => {
    const scripts = [...text.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, name]) => name);
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(scripts));
  });

  test('names only files and folders that exist', () => {
    expect(
      [...filesIn(text), ...linksIn(text, document)].filter((path) => !existsSync(join(ROOT, path))),
    ).toEqual([]);
  });
});

/** As a row of the table shall be. A variable without a default has `none`, one whose default is no value `empty`. */
function tableRow({ name, unit, default: fallback, consequence }: EnvironmentVariable): string {
  const shown = fallback === undefined ? 'none' : fallback === '' ? 'empty' : `\`${fallback}\``;
  return `| \`${name}\` | ${unit} | ${shown} | ${consequence} |`;
}

/** The rows of all tables whose head begins so, without their two head rows. */
function rowsIn(document: string, ...heads: readonly string[]): readonly string[] {
  const tables = document.matchAll(/^\| (.*)\n\|[ :|-]+\|\n((?:\|.*\n)*)/gm);
  return [...tables]
    .filter(([, head = '']) => heads.some((wanted) => head.startsWith(wanted)))
    .flatMap(([, , rows = '']) => rows.trimEnd().split('\n'));
}

/** The codes in the first column. */
function codesIn(row: string): readonly string[] {
  return [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code ?? '');
}

/** Whatever begins with a folder of the repository, as far as it is a path, and not a pattern such as `models/<name>`. */
function filesIn(text: string): readonly string[] {
  const paths = text.matchAll(
    /(?<![\w./-])(?:docs|examples|models|schema|setup|src|tests|workers)\/[\w./-]*(?![\w./<*-])/g,
  );
  return [...paths].map(([path]) => path.replace(/\.$/, ''));
}

/** Targets of links to files, from the root. */
function linksIn(text: string, document: string): readonly string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) =>
    join(dirname(document), target),
  );
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
