/** Serves GraphiQL to browsers. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { Model } from '../models/models.ts';
import { type ExampleTab, exampleTabs } from './exampleTabs.ts';
import type { Page } from './graphiqlPage.ts';
import type { Operations } from './operations.ts';
import { sendInPieces } from './pieces.ts';
import { PAGE_HEADERS } from './securityHeaders.ts';

interface GraphiqlOptions {
  readonly models: readonly Model[];
  /** The limits that decide which examples the gateway would refuse. */
  readonly operations: Pick<Operations, 'read'>;
  readonly maxBodyBytes: number;
}

/** Answers GET and HEAD with the page. It has 9 MB (2.4 MB compressed) and is made at the first request. */
export function graphiqlHandler({ models, operations, maxBodyBytes }: GraphiqlOptions) {
  let page: Promise<Page> | undefined;
  const isAllowed = (tab: ExampleTab) =>
    Buffer.byteLength(JSON.stringify(tab)) <= maxBodyBytes && isValid(operations, tab.query);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    page ??= renderPage(exampleTabs(models, isAllowed));
    const { compressed, etag, scripts } = await page;
    const headers = {
      ...PAGE_HEADERS,
      etag,
      'cache-control': 'no-cache',
      'content-security-policy': policyFor(scripts),
    };
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      'content-encoding': 'gzip',
      'content-length': compressed.length,
    });
    if (request.method === 'HEAD') response.end();
    else await sendInPieces(response, compressed);
  };
}

/**
 * The page runs its own scripts only, and speaks with this gateway only: the console, which has the login of the tab, has
 * the same origin. Its editor makes styles, and runs workers from blobs.
 */
function policyFor(scripts: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map((digest) => `'sha256-${digest}'`).join(' ')}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Whether a browser loads the page. The address may have an operation: GraphiQL writes the edited one there. */
export function wantsGraphiql({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html');
}

/** Makes the page in a thread of its own, because a process that loads its 30 MB of sources never frees them. */
async function renderPage(tabs: readonly ExampleTab[]): Promise<Page> {
  const renderer = new Worker(new URL('graphiqlPage.ts', import.meta.url), { workerData: tabs });
  const [page] = await once(renderer, 'message');
  return page;
}

function isValid(operations: Pick<Operations, 'read'>, text: string): boolean {
  try {
    return operations.read(text).errors.length === 0;
  } catch {
    return false;
  }
}
