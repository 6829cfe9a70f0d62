/** What the documents say of commands, variables, codes, files and headings has to be so. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { buildSchema as schemaOf } from '../../schema/index.ts';
import { RequestErrorCode } from '../../src/contract/errors.ts';
import { TaskErrorCode } from '../../src/contract/task.ts';
import { EdgeCloseCode } from '../../src/edge/closeCodes.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { type EnvironmentVariable, environmentVariables } from '../../src/process/config.ts';
import { blocksIn, DOCUMENTS, headingsIn, linksIn, proseIn, readDocument } from '../support/documents.ts';
import { SILENT } from '../support/models.ts';

const ROOT = join(import.meta.dirname, '../..');
/** They tell of what was: a name or a file in them may be gone. */
const HISTORIES = ['CHANGELOG.md', 'docs/decisions.md'];
/** Where the arguments of a script's command line are read. */
const COMMAND_SOURCES: Readonly<Record<string, readonly string[]>> = {
  broker: ['src/cli/broker.ts', 'src/cli/broker/*.ts'],
  bench: ['tests/bench/**/*.ts'],
  chaos: ['tests/chaos/**/*.ts'],
  data: ['src/cli/data.ts', 'src/cli/data/*.ts'],
  key: ['src/cli/key.ts', 'src/cli/key/*.ts'],
  model: ['src/cli/model.ts', 'src/cli/model/*.ts'],
  score: ['src/cli/score.ts', 'src/cli/score/*.ts'],
  train: ['src/cli/train.ts', 'src/cli/train/*.ts'],
};
/** Variables that other programs, or libraries, read. */
const FOREIGN_VARIABLES = [
  ...['CI', 'NODE_EXTRA_CA_CERTS', 'PATH'],
  ...['OTEL_SERVICE_NAME', 'OTEL_EXPORTER_OTLP_COMPRESSION', 'OTEL_EXPORTER_OTLP_CERTIFICATE'],
];

/** Every word of the code: what a document names has to be one of them. */
const words = new Set([
  ...FOREIGN_VARIABLES,
  ...(textOf([
    'package.json',
    'setup.js',
    'Dockerfile',
    'docker-compose*.yml',
    '{src,schema,workers,models}/**/*.{ts,js,json,py,graphql}',
    'tests/{bench,chaos,e2e,integration,realModels,support,system,unit}/**/*.{ts,js,json,graphql}',
    'examples/*/src/*.ts',
  ]).match(/\w+/g) ?? []),
]);
const schema = buildSchema(readDocument('schema/schema.graphql'));
const { models: exampleModels } = await Catalog.open(join(ROOT, 'examples/models'), SILENT);
/** The schemas of documents that are about other models. */
const otherSchemas = new Map(
  ['docs/runtimes.md', 'examples/models/README.md'].map((document) => [document, schemaOf(exampleModels)]),
);
const rows = DOCUMENTS.flatMap((document) => tableRows(readDocument(document)));

test('each variable that is read has one row in a table, with its unit, default and consequence', () => {
  const names = new Set<string | undefined>(environmentVariables.map(({ name }) => name));
  const described = rows.filter((row) => names.has(/^\| `([A-Z_]+)` \|/.exec(row)?.[1]));
  expect(described.toSorted()).toEqual(environmentVariables.map(tableRow).toSorted());
});

test('the architecture names only parts of the code that exist', () => {
  const names = groupsIn(readDocument('docs/architecture.md'), /`([a-z]*[A-Z][a-z]+[A-Z]?\w*)`/g);
  expect(names.filter((name) => !words.has(name))).toEqual([]);
});

test('each code of a refused request, and of a task that ended without a prediction, is explained in a table', () => {
  const explained = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code),
  );
  expect(explained).toEqual(
    expect.arrayContaining([...Object.values(RequestErrorCode), ...Object.values(TaskErrorCode)]),
  );
});

test('each close code that is ours is in a table', () => {
  const explained = rows.flatMap((row) => groupsIn(row.split('|')[1] ?? '', /\b([14]\d{3})\b/g)).map(Number);
  expect(explained).toEqual(expect.arrayContaining(Object.values(EdgeCloseCode)));
});

test('the README has at most 250 lines, and begins with links to all of its sections', () => {
  const readme = readDocument('README.md');
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(250);
  const sections = [...headingsIn(readme)]
    .filter(([, { level }]) => level === 2)
    .map(([anchor]) => `#${anchor}`);
  const [contents = ''] = readme.split('\n## ');
  expect(linksIn(contents).filter((target) => sections.includes(target))).toEqual(sections);
});

describe.each(DOCUMENTS)('%s', (document) => {
  const text = readDocument(document);
  const blocks = blocksIn(text);
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap((block) => commandsIn(block.text));

  test('links only to files and headings that exist', () => {
    const dead = linksIn(text).filter(
      (target) => !/^(https?|mailto):/.test(target) && !leadsSomewhere(target),
    );
    expect(dead).toEqual([]);
  });

  if (!HISTORIES.includes(document))
    test('names only files, folders, variables and codes that exist', () => {
      const folders = [ROOT, packageOf(document)];
      const isThere = (path: string) => folders.some((folder) => existsSync(join(folder, path)));
      expect(filesIn(text).filter((path) => !isThere(path))).toEqual([]);
      const names = groupsIn(text, /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g);
      expect(names.filter((name) => !words.has(name))).toEqual([]);
    });

  test('has no heading twice at one level of a section', () => {
    expect(repeatedHeadings(text)).toEqual([]);
  });

  test('has a blank line before each heading', () => {
    const crowded = proseIn(text).matchAll(/(?<!^|\n)\n(#{1,6} .*)$/gm);
    expect([...crowded].map(([, heading]) => heading)).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const scripts = groupsIn(text, /npm (?:run )?(start|test|(?<=run )[\w:-]+)/g);
    const own = JSON.parse(readFileSync(join(packageOf(document), 'package.json'), 'utf8'));
    const known = Object.keys({ ...packageJson.scripts, ...own.scripts });
    expect(known).toEqual(expect.arrayContaining([...scripts]));
  });

  if (commands.length > 0)
    test('shows only commands with variables, programs and options that exist', () => {
      expect(commands.flatMap(problemsOf)).toEqual([]);
    });

  const operations = blocks.filter(({ language }) => language === 'graphql');
  if (operations.length > 0)
    test('shows only GraphQL that fits the schema', () => {
      for (const operation of operations)
        expect(validate(otherSchemas.get(document) ?? schema, parse(operation.text)), operation.text).toEqual(
          [],
        );
    });

  const values = blocks.filter(({ language }) => language === 'json');
  if (values.length > 0)
    test('shows only JSON that can be read', () => {
      for (const value of values) expect(() => JSON.parse(value.text), value.text).not.toThrow();
    });

  function leadsSomewhere(target: string): boolean {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? document : join(dirname(document), path);
    if (!existsSync(join(ROOT, file))) return false;
    return anchor === undefined || headingsIn(readDocument(file)).has(anchor);
  }
});

/** As a row of the table shall be. A variable without a default has `none`, one whose default is no value `empty`. */
function tableRow({ name, unit, default: fallback, consequence }: EnvironmentVariable): string {
  const shown = fallback === undefined ? 'none' : fallback === '' ? 'empty' : `\`${fallback}\``;
  return `| \`${name}\` | ${unit} | ${shown} | ${consequence} |`;
}

/** A heading may come again in another section, such as `Added` of another release. */
function repeatedHeadings(document: string): readonly string[] {
  const seen = new Set<string>();
  const path: string[] = [];
  return [...headingsIn(document).values()].flatMap(({ level, text }) => {
    path.length = level - 1;
    path[level - 1] = text;
    const place = path.join(' > ');
    if (seen.has(place)) return [place];
    seen.add(place);
    return [];
  });
}

function tableRows(document: string): readonly string[] {
  return document.split('\n').filter((line) => line.startsWith('|'));
}

/** The lines of a shell block, those that are continued as one, without comments. */
function commandsIn(block: string): readonly string[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)# .*$/, ''))
    .filter((line) => line !== '');
}

/** What of a command does not exist. */
function problemsOf(command: string): readonly string[] {
  const [, script = '', args = ''] = /npm run ([\w:-]+) -- (.*)/.exec(command) ?? [];
  const source = textOf(COMMAND_SOURCES[script] ?? []);
  const [names = ''] = args.split(/(?:^| )--/);
  const variables = groupsIn(command, /(?<!\S)([A-Z][A-Z0-9_]+)=/g).filter((name) => !words.has(name));
  const programs = groupsIn(command, /(?:npx |node_modules\/\.bin\/)([\w-]+)/g).filter(
    (program) => !existsSync(join(ROOT, 'node_modules/.bin', program)),
  );
  const options = groupsIn(args, /(?<!\S)--([a-z-]+)/g).filter(
    (option) => !new RegExp(`(?<!\\w|\\w-)${option}(?![\\w-])`).test(source),
  );
  // Benchmarks and scenarios, or a subcommand.
  const named = names.split(' ').slice(0, ['broker', 'model'].includes(script) ? 1 : undefined);
  const unknown = ['bench', 'broker', 'chaos', 'model'].includes(script)
    ? named.filter((name) => name !== '' && !source.includes(`'${name}'`))
    : [];
  return [...variables, ...programs, ...options, ...unknown].map((wrong) => `${wrong} in: ${command}`);
}

function groupsIn(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, group = '']) => group);
}

/** The folder of the package that a document describes: an example may be a package of its own. */
function packageOf(document: string): string {
  const folder = join(ROOT, dirname(document));
  return existsSync(join(folder, 'package.json')) ? folder : ROOT;
}

/** Whatever begins with a folder of the repository, as far as it is a path, and not a pattern such as `models/<name>`. */
function filesIn(text: string): readonly string[] {
  const paths = text.matchAll(
    /(?<![\w./~-])(?:deploy|docs|examples|schema|src|tests|workers|models(?=\/(?:churn|digits|housing|language|spikes|trip-duration)\b))\/[\w./@-]*(?![\w./<*@-])/g,
  );
  return [...paths].map(([path]) => path.replace(/\.$/, ''));
}

function textOf(patterns: readonly string[]): string {
  return globSync(patterns, { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
}
