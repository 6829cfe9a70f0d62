/** `layers.json`, which the linter reads, against the table of layers in docs/architecture.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../support/documents.ts';

const ROOT = join(import.meta.dirname, '../..');
const ENTRY_POINTS = ['**/tests/**', '**/main.ts', '**/start.ts'];
const VENDORS: Readonly<Record<string, string>> = {
  '@nats-io/jetstream': 'src/broker',
  '@nats-io/transport-node': 'src/broker',
  'onnxruntime-node': 'workers',
  sharp: 'workers',
  '@huggingface/tokenizers': 'workers',
  '@opentelemetry/api': 'src/tracing',
  '@opentelemetry/core': 'src/tracing',
  '@opentelemetry/exporter-trace-otlp-proto': 'src/tracing',
  '@opentelemetry/resources': 'src/tracing',
  '@opentelemetry/sdk-trace': 'src/tracing',
};

interface Override {
  readonly includes: readonly string[];
  readonly linter: {
    readonly rules: {
      readonly style: {
        readonly noRestrictedImports: {
          readonly options: {
            readonly patterns: readonly [{ readonly group: readonly string[] }];
            readonly paths: Readonly<Record<string, string>>;
          };
        };
      };
    };
  };
}

const { overrides } = JSON.parse(readFileSync(join(ROOT, 'layers.json'), 'utf8')) as {
  readonly overrides: readonly Override[];
};
const layers = layersIn(readDocument('docs/architecture.md'));

test('each folder of src has a row in the table of layers', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect([...layers.keys()].filter((folder) => folder.startsWith('src/')).toSorted()).toEqual(
    folders.map(({ name }) => `src/${name}`).toSorted(),
  );
});

test('the linter forbids every import that the table does not allow', () => {
  const expected = [...layers].map(([folder, allowed]) => {
    const others = [...layers.keys()].map(nameOf).filter((name) => name !== nameOf(folder));
    const forbidden = others.filter((name) => !allowed.includes(name));
    return [`${folder}/**`, [...forbidden.map((name) => `**/${name}/**`), ...ENTRY_POINTS].toSorted()];
  });
  const held = overrides.map(({ includes: [folder], linter }) => [
    folder,
    linter.rules.style.noRestrictedImports.options.patterns[0].group.toSorted(),
  ]);
  expect(held).toEqual(expected);
});

test('the linter keeps each vendor in its folder', () => {
  for (const { includes, linter } of overrides) {
    const foreign = Object.keys(VENDORS).filter((vendor) => `${VENDORS[vendor]}/**` !== includes[0]);
    expect(Object.keys(linter.rules.style.noRestrictedImports.options.paths)).toEqual(foreign);
  }
});

/** The folders of the table, in order, with the names of those that each may import. */
function layersIn(document: string): ReadonlyMap<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  for (const [, folder = '', allowed = ''] of document.matchAll(
    /^\| `([a-z/]+)\/` \| [^|]+ \| ([^|]+) \|$/gm,
  )) {
    if (allowed.startsWith('as ')) continue;
    const above = [...rows.keys()].map(nameOf);
    rows.set(
      folder,
      allowed === 'the above' ? above : allowed.split(', ').filter((name) => name !== 'nothing'),
    );
  }
  return rows;
}

function nameOf(folder: string): string {
  return folder.split('/').at(-1) ?? '';
}
