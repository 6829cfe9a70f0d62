/** The console in Chromium: how soon it is there, and how smoothly its list of tasks moves while hundreds change a second. */
import type { CDPSession, Page } from 'playwright-core';
import { findBrowser } from '../../support/browser.ts';
import { openConsole } from '../../support/console.ts';
import { type Benchmark, figure } from '../benchmark.ts';
import { GraphQLSocket } from '../graphqlSocket.ts';
import { keepUp, openLoop } from '../load.ts';
import { percentile } from '../numbers.ts';
import { type Exchange, overWebSocket, tripQuestions } from '../questions.ts';
import { startSystem, UNBOUNDED } from '../system.ts';

const TASKS_PER_SECOND = 500;
const ROWS = 10_000;
const CONNECTIONS = 8;
/** Until the list is full. */
const FILL_MS = (ROWS / TASKS_PER_SECOND) * 1_000;
/** Arrivals are at random, so there are a few less or more. */
const NEARLY_ALL = /^(9|1\d),\d{3} tasks$/;
const SCROLL_MS = 5_000;
const FIRST_PAINT =
  'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.POSITIVE_INFINITY';

export const consolePage: Benchmark = {
  name: 'console',
  about: `the page Tasks in Chromium: ${TASKS_PER_SECOND} tasks/s (open loop) change in it, then ${ROWS.toLocaleString('en-US')} rows are scrolled`,
  // Another one would begin with a full list.
  repetitions: 1,
  onlyByName: true,
  async prepare(revision) {
    const browserPath = findBrowser();
    if (browserPath === undefined) throw new Error('the benchmark needs Chromium: apt-get install chromium');
    await using started = new AsyncDisposableStack();
    const system = started.use(await startSystem(revision, { env: UNBOUNDED }));
    const asked = await tripQuestions();
    const sockets = await GraphQLSocket.openAll(system.url, CONNECTIONS, started);
    const overEach = sockets.map((socket) => overWebSocket(socket, asked));
    const exchange: Exchange = async (row) => overEach[row % CONNECTIONS]?.(row);
    const stopping = started.move();
    return {
      async measure() {
        await using opened = await openConsole(browserPath, system.url);
        const { page } = opened;
        await opened.open('/tasks');
        const firstPaintMs = await page.evaluate<number>(FIRST_PAINT);
        const live = await drawnWhile(page, async () => {
          await using load = openLoop(exchange, TASKS_PER_SECOND);
          await keepUp(load, FILL_MS);
        });
        await page.getByRole('status').getByText(NEARLY_ALL).waitFor();
        const scrolled = await drawnWhile(page, () => page.evaluate(scrolling(SCROLL_MS)));
        return [
          figure('first paint, ms', 0, firstPaintMs, { atMost: 1_000 }),
          figure('longest gap of frames at 500 tasks/s, ms', 0, live.gaps.at(-1) ?? 0, { atMost: 100 }),
          figure('p99 of gaps at 500 tasks/s, ms', 1, percentile(live.gaps, 0.99)),
          figure('CPU of the main thread at 500 tasks/s, ms per 1,000', 0, (1_000 * live.busyMs) / ROWS),
          figure('frames/s while scrolled', 1, (1_000 * scrolled.gaps.length) / sumOf(scrolled.gaps), {
            atLeast: 55,
          }),
          figure('p99 of gaps while scrolled, ms', 1, percentile(scrolled.gaps, 0.99)),
          figure(
            'CPU of the main thread per frame while scrolled, ms',
            1,
            scrolled.busyMs / scrolled.gaps.length,
          ),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

interface Drawn {
  /** Between the frames, in milliseconds, ascending. */
  readonly gaps: readonly number[];
  /** The CPU time of the page's main thread, which suffers less than the gaps from what else runs on the cores. */
  readonly busyMs: number;
}

async function drawnWhile(page: Page, run: () => Promise<unknown>): Promise<Drawn> {
  const debug = await page.context().newCDPSession(page);
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
  const startMs = await busyMsOf(debug);
  await page.evaluate(`{
    const gaps = [];
    let last;
    const frame = (now) => {
      if (last !== undefined) gaps.push(now - last);
      last = now;
      if (globalThis.gapsOfFrames === gaps) requestAnimationFrame(frame);
    };
    globalThis.gapsOfFrames = gaps;
    requestAnimationFrame(frame);
  }`);
  await run();
  const gaps = await page.evaluate<number[]>(
    '{ const gaps = gapsOfFrames; globalThis.gapsOfFrames = undefined; gaps }',
  );
  const busyMs = (await busyMsOf(debug)) - startMs;
  await debug.detach();
  return { gaps: gaps.toSorted((a, b) => a - b), busyMs };
}

async function busyMsOf(debug: CDPSession): Promise<number> {
  const { metrics } = await debug.send('Performance.getMetrics');
  return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
}

/** Scrolls by nearly a window in each frame, down and up again. */
function scrolling(ms: number): string {
  return `new Promise((done) => {
    const until = performance.now() + ${ms};
    let step = 600;
    const frame = (now) => {
      if (now > until) return done();
      if (scrollY + innerHeight >= document.documentElement.scrollHeight) step = -600;
      scrollBy(0, step);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  })`;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
