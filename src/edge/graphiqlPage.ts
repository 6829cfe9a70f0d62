/** Renders the GraphiQL page once, in a thread of its own: every script inside it, example tabs for every model. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { ExampleTab } from './exampleTabs.ts';
import { LAST_TASK } from './lastTask.ts';

export interface Page {
  readonly compressed: Uint8Array;
  readonly etag: string;
  /** The SHA-256 of each script in the page, in base64. */
  readonly scripts: readonly string[];
}

/** Keeps tabs in their places. In GraphiQL 5 they move at the first press, and the first click misses. */
const TAB_STYLE = '<style>.graphiql-tab { transform: none !important; }</style>';

/**
 * GraphiQL 5 opens the tab with the operation, variables and headers that it stored last, or an empty tab if none has
 * them. That happens at the first reload, when it has stored none, and after a change of tabs. This script stores those
 * of the tab with the operation in the address, or else of the tab that was open.
 *
 * Headers end with the page, since they may have a key, unless its user turns on "Persist headers" in its settings.
 */
const TAB_SCRIPT = `<script>
const keeping = 'graphiql:shouldPersistHeaders';
if (localStorage.getItem(keeping) === null) localStorage.setItem(keeping, 'false');
try {
  const isForgotten = (name) => name === 'headers' && localStorage.getItem(keeping) === 'false';
  const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState'), (name, value) =>
    isForgotten(name) ? null : value,
  );
  // Without the headers that an earlier version of this page has stored.
  localStorage.setItem('graphiql:tabState', JSON.stringify({ tabs, activeTabIndex }));
  const asked = new URL(location.href).searchParams.get('query') ?? tabs[activeTabIndex].query;
  const tab = [tabs[activeTabIndex], ...tabs].find(({ query }) => query === asked);
  for (const name of ['query', 'variables', 'headers']) {
    if (tab[name] === null) localStorage.removeItem('graphiql:' + name);
    else localStorage.setItem('graphiql:' + name, tab[name]);
  }
} catch {
  // Nothing is stored yet, or no tab has the operation. Then GraphiQL opens a tab for it.
}
</script>`;

/**
 * The call at the end of the page that renders it. Its arguments cannot be JSON, and the renderer does not escape them.
 */
const RENDER = 'YogaGraphiQL.renderYogaGraphiQL(';

/** Opens GraphiQL with the tabs and with the fetcher of `graphiqlFetcher.js`. */
function openingScript(tabs: readonly ExampleTab[]): string {
  const fetcher = readFileSync(new URL('graphiqlFetcher.js', import.meta.url), 'utf8');
  // A text in an example could end the script.
  const json = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');
  return `<script>
${fetcher.replaceAll(/^export /gm, '')}
function openGraphiQL(root, options) {
  const defaultTabs = ${json(tabs)};
  const [{ variables }] = defaultTabs;
  // At the first visit GraphiQL shows stored variables, not those of the tab that it opens.
  const isFirstVisit = localStorage.getItem('graphiql:tabState') === null && location.search === '';
  if (isFirstVisit && variables !== undefined) localStorage.setItem('graphiql:variables', variables);
  YogaGraphiQL.renderYogaGraphiQL(root, { ...options, fetcher: createFetcher(${json(LAST_TASK)}), defaultTabs });
}
</script>`;
}

function pageOf(tabs: readonly ExampleTab[]): string {
  const html = renderGraphiQL({ title: 'Tidings', defaultEditorToolsVisibility: 'variables' });
  const parts = html.split(RENDER);
  if (parts.length !== 2) throw new Error(`the page of GraphiQL must have "${RENDER}" once`);
  const head = `${TAB_STYLE}${TAB_SCRIPT}${openingScript(tabs)}</head>`;
  return parts.join('openGraphiQL(').replace('</head>', () => head);
}

function scriptsIn(html: string): readonly string[] {
  const found = html.matchAll(/<script>(.*?)<\/script>/gs);
  return Array.from(found, ([, script = '']) => createHash('sha256').update(script).digest('base64'));
}

const html = pageOf(workerData);
const compressed = gzipSync(html, { level: 6 });
const etag = `"${createHash('sha256').update(compressed).digest('hex').slice(0, 32)}"`;
parentPort?.postMessage({ compressed, etag, scripts: scriptsIn(html) } satisfies Page);
