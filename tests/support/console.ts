/** The console in Chromium: one page for the tests of a file, with what it asked for and what went wrong in it. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, ConsoleMessage, Page, Request } from 'playwright-core';
import { expect } from 'vitest';
import { openBrowser } from './browser.ts';
import { PATIENCE_MS } from './eventually.ts';

/** The narrowest window that the console supports. */
export const NARROW = { width: 360, height: 760 } as const;
export const WIDE = { width: 1280, height: 800 } as const;
/** Each width and each scheme once: the colours of a scheme do not depend on the width. */
const LOOKS = [
  [WIDE, 'light'],
  [NARROW, 'dark'],
] as const;

/** What the browser itself says of requests that fail as they should. A busy gateway answers 503, and the page asks again. */
const EXPECTED = /ERR_CONNECTION|WebSocket connection|status of (401|503)/;

export interface ConsolePage extends AsyncDisposable {
  readonly browser: Browser;
  readonly page: Page;
  /** The addresses of all requests so far. */
  readonly asked: ReadonlySet<string>;
  /** Errors in the page so far, without those that tests provoke: a gateway that is dead, and a wrong key. */
  readonly problems: readonly string[];
  /**
   * Opens a path of the console, such as `/tasks`, with a new form or table. The first time it loads the page. After that
   * the console's router shows the path, as for a link: to load the page again takes three times as long.
   */
  open(path: string): Promise<void>;
  /** Goes to a page by the navigation, as a user does. */
  goTo(title: string): Promise<void>;
  /** Checks the page as it is now with axe, wide in light and narrow in dark, and that nothing is wider than the window. */
  expectAccessible(): Promise<void>;
}

/** @param gatewayUrl the address of GraphQL. */
export async function openConsole(browserPath: string, gatewayUrl: string): Promise<ConsolePage> {
  const browser = await openBrowser(browserPath);
  const page = await browser.newPage({ viewport: WIDE, reducedMotion: 'reduce', colorScheme: 'light' });
  page.setDefaultTimeout(PATIENCE_MS);
  const asked = new Set<string>();
  const problems: string[] = [];
  page.on('request', (request: Request) => asked.add(request.url()));
  page.on('websocket', (socket) => asked.add(socket.url()));
  page.on('pageerror', ({ message }) => problems.push(message));
  page.on('console', (line: ConsoleMessage) => {
    if (line.type() === 'error' && !EXPECTED.test(line.text())) problems.push(line.text());
  });
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return {
    browser,
    page,
    asked,
    problems,
    async open(path) {
      const url = new URL(`/console${path}`, gatewayUrl);
      if (page.url().startsWith(new URL('/console/', url).href)) {
        // What was filled in before goes with its page.
        await follow(page, new URL('/console/no-such-page', url));
        await page.getByRole('heading', { level: 1, name: 'There is no such page' }).waitFor();
        await follow(page, url);
        await page
          .getByRole('heading', { level: 1 })
          .filter({ hasNotText: 'There is no such page' })
          .waitFor();
      } else {
        await page.goto(url.href);
        await page.getByRole('heading', { level: 1 }).waitFor();
      }
    },
    async goTo(title) {
      await page.getByRole('navigation').getByRole('link', { name: title, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
    },
    async expectAccessible() {
      for (const [viewport, colorScheme] of LOOKS) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        const look = `${viewport.width} px, ${colorScheme}`;
        expect(await violationsIn(page, axe), look).toEqual([]);
        expect(await overflowOf(page), look).toBe(0);
      }
      await page.setViewportSize(WIDE);
      await page.emulateMedia({ colorScheme: 'light' });
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Goes to another path of the console without loading the page. Its router listens to the history. */
function follow(page: Page, { pathname }: URL): Promise<void> {
  return page.evaluate(`history.pushState(null, '', ${JSON.stringify(pathname)})`);
}

/** @returns each violation with the elements that have it. */
async function violationsIn(page: Page, axe: string): Promise<readonly string[]> {
  // The policy of the page keeps foreign scripts out, but not those of the debugger.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe);
  // What does not violate a rule is checked all the same, but not described: that takes half of the time.
  const options = { resultTypes: ['violations'], selectors: false };
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
  );
}

/** @returns by how many pixels the page is wider than its window. */
function overflowOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
