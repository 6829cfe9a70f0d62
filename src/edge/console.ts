/**
 * Serves the console, the web page of Tidings, from the files that its build made (`console/`). The files are read at the
 * first request, and kept with the compressed forms that the build made of them: nothing is compressed here.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { Logger } from '../process/log.ts';
import { sendInPieces } from './pieces.ts';
import { PAGE_HEADERS } from './securityHeaders.ts';

export const CONSOLE_PATH = '/console';
const ROOT = `${CONSOLE_PATH}/`;
/** The files of the build whose names have a digest of their content. */
const ASSETS = `${ROOT}assets/`;
const PAGE = `${ROOT}index.html`;
/** What the build writes where the nonce of a page belongs: `console/vite.config.ts`. */
const NONCE = 'NONCE_OF_THE_PAGE';
/** A build has 3 MB. The limit keeps other files in its folder from filling the memory. */
const MAX_BYTES = 32 * 1024 * 1024;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
/** The compressed forms, the smallest first. */
const ENCODINGS = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;

interface Form {
  /** Undefined for the file as it is. */
  readonly encoding: string | undefined;
  readonly bytes: Uint8Array;
  readonly etag: string;
}

interface ConsoleFile {
  readonly mediaType: string;
  /** The smallest first; the last is the file as it is. */
  readonly forms: readonly Form[];
}

interface Built {
  readonly page: string;
  /** By their paths on the gateway. */
  readonly files: ReadonlyMap<string, ConsoleFile>;
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<title>Tidings</title>
<h1>The console is not built</h1>
<p>Build it in the folder of Tidings with</p>
<pre>npm run console</pre>
<p>and load this page again. GraphiQL is at <a href="/graphql">/graphql</a>.</p>
</html>
`;

export function isForConsole(path: string): boolean {
  return path === CONSOLE_PATH || path.startsWith(ROOT);
}

/** @param folder of the build. */
export function consoleHandler({ folder, log }: { readonly folder: string; readonly log: Logger }) {
  let reading: Promise<Built | undefined> | undefined;
  const read = async () => {
    reading ??= readBuilt(folder);
    const built = await reading.catch((err) => void log.error({ err, folder }, 'the console cannot be read'));
    // It may be built while the gateway runs.
    if (built === undefined) reading = undefined;
    return built;
  };
  return async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD', 'content-length': 0 }).end();
      return;
    }
    if (path === CONSOLE_PATH) {
      response.writeHead(302, { location: ROOT }).end();
      return;
    }
    const built = await read();
    if (built === undefined) return answerPage(request, response, 503, NOT_BUILT);
    const file = built.files.get(path);
    if (file !== undefined) return answerFile(request, response, file, path.startsWith(ASSETS));
    // Each address of a page in the console gets the page, which finds out itself what it shows.
    if (path.startsWith(ASSETS)) response.writeHead(404, { 'content-length': 0 }).end();
    else answerPage(request, response, 200, built.page);
  };
}

/** Each answer has a nonce of its own, with which the page marks the styles that it makes. */
function answerPage(request: IncomingMessage, response: ServerResponse, status: number, page: string): void {
  const nonce = randomBytes(16).toString('base64url');
  const html = page.replaceAll(NONCE, nonce);
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    'content-security-policy': policyWith(nonce),
    'cache-control': 'no-store',
  });
  response.end(request.method === 'HEAD' ? undefined : html);
}

/** The page runs the scripts of its build only, and speaks with this gateway only. */
function policyWith(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    'media-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  { mediaType, forms }: ConsoleFile,
  isAsset: boolean,
): Promise<void> {
  const { encoding, bytes, etag } = formFor(request, forms);
  const headers = {
    ...PAGE_HEADERS,
    etag,
    vary: 'accept-encoding',
    'cache-control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    'content-type': mediaType,
    'content-length': bytes.length,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  });
  if (request.method === 'HEAD') response.end();
  else await sendInPieces(response, bytes);
}

function formFor({ headers }: IncomingMessage, forms: readonly Form[]): Form {
  const accepted = acceptedEncodings(String(headers['accept-encoding'] ?? ''));
  const form = forms.find(({ encoding }) => encoding === undefined || accepted.includes(encoding));
  if (form === undefined) throw new Error('each file has a form without encoding');
  return form;
}

function acceptedEncodings(header: string): readonly string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';', 1)[0]?.trim() ?? '');
}

/** @returns undefined if there is no build. @throws {Error} if the folder has more than a build can have. */
async function readBuilt(folder: string): Promise<Built | undefined> {
  const bytesOf = new Map<string, Uint8Array>();
  let total = 0;
  for (const entry of await entriesOf(folder)) {
    const bytes = await readFile(join(folder, entry));
    total += bytes.length;
    if (total > MAX_BYTES) throw new Error(`${folder} must have ${MAX_BYTES} bytes at most`);
    bytesOf.set(`${ROOT}${entry}`, bytes);
  }
  const page = bytesOf.get(PAGE);
  if (page === undefined) return undefined;
  const files = new Map<string, ConsoleFile>();
  for (const [path, bytes] of bytesOf) {
    const mediaType = MEDIA_TYPES[extname(path)];
    if (mediaType === undefined) continue;
    const compressed = ENCODINGS.flatMap(({ name, ending }) => {
      const found = bytesOf.get(path + ending);
      return found === undefined ? [] : [formOf(found, name)];
    });
    files.set(path, { mediaType, forms: [...compressed, formOf(bytes, undefined)] });
  }
  return { page: Buffer.from(page).toString('utf8'), files };
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function formOf(bytes: Uint8Array, encoding: string | undefined): Form {
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { encoding, bytes, etag: `"${digest}"` };
}
