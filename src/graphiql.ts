/** The GraphiQL page: every script inside it, example tabs for every model, compressed once. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { exampleTabs } from './exampleTabs.ts';
import type { Model } from './models.ts';

interface Page {
  readonly compressed: Buffer;
  readonly etag: string;
}

/**
 * The page compiles nothing and asks nobody but this gateway; its scripts and styles are inline, and its editor runs
 * workers from blobs.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:; frame-ancestors 'none'";

/** Keeps tabs in their places: they jump at the first press on one, so that the first click misses it (GraphiQL 5). */
const TAB_STYLE = '<style>.graphiql-tab { transform: none !important; }</style>';

/**
 * GraphiQL opens with the tab that has the operation, variables and headers that it last stored, and with an empty one
 * where none has them: as at the first reload, when it has stored none, and after a change of tabs (GraphiQL 5). This
 * stores those of the tab with the operation in the address, or else of the tab that was open.
 */
const TAB_SCRIPT = `<script>
try {
  const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState'));
  const asked = new URL(location.href).searchParams.get('query') ?? tabs[activeTabIndex].query;
  const tab = [tabs[activeTabIndex], ...tabs].find(({ query }) => query === asked);
  for (const name of ['query', 'variables', 'headers']) {
    if (tab[name] === null) localStorage.removeItem('graphiql:' + name);
    else localStorage.setItem('graphiql:' + name, tab[name]);
  }
} catch {
  // Nothing is stored yet, or no tab has the operation: GraphiQL opens one for it.
}
</script>`;

/** Answers GET and HEAD with the page. It has 9 MB (2.4 MB compressed) and is made when it is first asked for. */
export function graphiqlHandler(models: readonly Model[]) {
  let page: Promise<Page> | undefined;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    page ??= renderPage(models);
    const { compressed, etag } = await page;
    response.setHeader('etag', etag);
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('vary', 'accept');
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': compressed.length,
      'content-security-policy': CONTENT_SECURITY_POLICY,
    });
    response.end(request.method === 'HEAD' ? undefined : compressed);
  };
}

/** A browser that loads a page. With an operation in its address too: GraphiQL puts there what is being edited. */
export function wantsGraphiql({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html');
}

async function renderPage(models: readonly Model[]): Promise<Page> {
  const html = renderGraphiQL({
    title: 'Tidings',
    defaultTabs: [...exampleTabs(models)],
    subscriptionsProtocol: 'WS',
    defaultEditorToolsVisibility: 'variables',
  });
  const compressed = await promisify(gzip)(html.replace('</head>', `${TAB_STYLE}${TAB_SCRIPT}</head>`), {
    level: 6,
  });
  return { compressed, etag: `"${createHash('sha256').update(compressed).digest('hex').slice(0, 32)}"` };
}
