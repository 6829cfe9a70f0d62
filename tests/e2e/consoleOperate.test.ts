/** The page Operate of the console, in Chromium with a real system behind it: what operators see and do, and viewers see. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEADLY_MILES } from '../support/badTrips.js';
import { findBrowser } from '../support/browser.ts';
import { onlyTask, PREDICT_TRIP, post, sse, TASK_RESULT, taskIn } from '../support/client.ts';
import { type ConsolePage, openConsole } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, ROOT, startGateway, startWorker } from '../support/processes.ts';

const browserPath = findBrowser();
const OPERATOR_TOKEN = 'only-operators-know';
const AS_OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` };
const MODEL = 'trip-duration';
const BAD_TRIPS = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/badTrips.js')}` };

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let opened: ConsolePage;
let page: Page;

async function submit(miles?: number): Promise<string> {
  const input = { ...tripNumber(1), ...(miles !== undefined && { tripDistanceMiles: miles }) };
  const options = { timeoutMs: 300_000 };
  return taskIn(await post(gateway.url, PREDICT_TRIP, { input, options }, AS_OPERATOR), 'predictTrip').id;
}

async function endOf(id: string): Promise<string> {
  const answers = sse(gateway.url, TASK_RESULT, { id }, AS_OPERATOR);
  return taskIn(await onlyTask(answers).then((task) => ({ data: { task } })), 'task').state;
}

let signedInWith: string | undefined;

/** Opens a part of the page for a key or token, as after its sign-in. */
async function openAs(token: string, path = '/operate'): Promise<void> {
  if (token !== signedInWith) {
    await page.goto(new URL('/console/', gateway.url).href);
    await page.evaluate(`sessionStorage.setItem('tidings-token', ${JSON.stringify(token)})`);
    await page.reload();
    signedInWith = token;
  }
  await opened.open(path);
  await page.getByRole('heading', { level: 1, name: 'Operate' }).waitFor();
}

const click = (name: string, where: Page | Locator = page) =>
  where.getByRole('button', { name, exact: true }).click();
const table = (name: string) => page.getByRole('table', { name, exact: true });
const rowOf = (name: string, text: string) => table(name).getByRole('row').filter({ hasText: text });
const attention = () => page.getByRole('region', { name: 'Needs attention' });

describe.skipIf(browserPath === undefined)('the page Operate', () => {
  beforeAll(async () => {
    nats = await startNats();
    [gateway, worker, opened] = await Promise.all([
      startGateway(nats, { AUTH: 'keys', OPERATOR_TOKEN }),
      startWorker(nats, BAD_TRIPS),
    ]).then(async ([first, second]) => [first, second, await openConsole(browserPath ?? '', first.url)]);
    page = opened.page;
  });

  afterAll(async () => {
    for (const started of [opened, worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
  });

  test('shows processes, models, queues and stores with their figures, and the curves as numbers', async () => {
    await openAs(OPERATOR_TOKEN);
    expect(await endOf(await submit())).toBe('SUCCEEDED');
    await rowOf('Processes', 'Worker').getByText(`${MODEL} 1`).waitFor();
    await rowOf('Processes', 'Gateway').getByText('MiB').waitFor();
    await rowOf('Models', MODEL)
      .getByText(/\d ms$/)
      .first()
      .waitFor();
    // A queue that has ended no task for a while stands in a part that is folded.
    await page
      .getByRole('region', { name: 'Queues' })
      .getByText('A user waits')
      .waitFor({ state: 'attached' });
    await rowOf('Stores', 'ENDS').getByText('4 GiB').waitFor();
    await page.getByText('The curves as numbers').click();
    await table('The curves as numbers, a minute apart').getByRole('row').nth(1).waitFor();
    await attention().getByText('Nothing needs attention.').waitFor();
    await opened.expectAccessible();
    expect(opened.problems).toEqual([]);
  });

  test('pauses a model once its operator has read what that does; its tasks wait until it is resumed', async () => {
    await openAs(OPERATOR_TOKEN);
    await click('Pause', rowOf('Models', MODEL));
    const question = page.getByRole('dialog', { name: 'Pause' });
    await question.getByText(/no task of this model until it is resumed/).waitFor();
    await opened.expectAccessible();
    await click(`Pause ${MODEL}`, question);
    await rowOf('Models', MODEL).getByText('Paused').waitFor();
    const ids = await Promise.all([submit(), submit()]);
    await rowOf('Queues', MODEL).getByRole('cell', { name: '2', exact: true }).waitFor();
    await click('Resume', rowOf('Models', MODEL));
    await click(`Resume ${MODEL}`, page.getByRole('dialog', { name: 'Resume' }));
    expect(await Promise.all(ids.map(endOf))).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  });

  test('shows a dead letter at once, with its reason and input, to be made a task again or discarded', async () => {
    await openAs(OPERATOR_TOKEN, '/operate/dead-letters');
    await page.getByText('There are no dead letters').waitFor();
    const id = await submit(DEADLY_MILES);
    const letters = table(`Dead letters of ${MODEL}`);
    await letters.getByText('WORKER_CRASHED').waitFor();
    await letters.getByRole('button').click();
    const letter = page.getByRole('dialog', { name: `Dead letter of ${MODEL}` });
    await letter.getByText(`"tripDistanceMiles": ${DEADLY_MILES}`).waitFor();
    await letter.getByText('The model crashed whenever it ran this input.').waitFor();
    await opened.expectAccessible();
    await click('Submit it again', letter);
    await click('Submit it again', page.getByRole('dialog', { name: 'Submit it again' }));
    await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor();
    const task = page.getByRole('dialog', { name: MODEL });
    await task.getByText(id).waitFor();
    // Its input still crashes the model.
    await task.getByText('Failed', { exact: true }).first().waitFor();

    await opened.open('/operate/dead-letters');
    await letters.getByRole('button').click();
    await letter.getByRole('link', { name: id }).waitFor();
    await click('Discard', letter);
    await click('Discard it for good', page.getByRole('dialog', { name: 'Discard' }));
    await page.getByText('There are no dead letters').waitFor();

    await page.getByRole('tab', { name: 'Audit' }).click();
    for (const action of ['Discard dead letter', 'Redrive dead letter'])
      await rowOf('Audit log', action).getByText('Done').first().waitFor();
    await rowOf('Audit log', 'Redrive dead letter').getByText('Show').first().click();
    await opened.expectAccessible();
    expect(opened.problems).toEqual([]);
  });

  test('says while there are dead letters, and what to do', async () => {
    await openAs(OPERATOR_TOKEN);
    const id = await submit(DEADLY_MILES);
    expect(await endOf(id)).toBe('FAILED');
    const alert = attention().getByRole('listitem').filter({ hasText: 'Warning' });
    await alert.getByText(/^There are dead letters/).waitFor();
    await alert.getByText(/^Read the reasons .*mend the cause/).waitFor();
    await opened.expectAccessible();
    await post(
      gateway.url,
      'mutation ($id: ID!) { discardDeadLetter(id: $id) { taskId } }',
      { id },
      AS_OPERATOR,
    );
    await attention().getByText('Nothing needs attention.').waitFor();
  });

  test('shows viewers the figures, and nothing that they may not do', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['src/cli/key.ts', 'create', '--owner', 'board', '--role', 'viewer'],
      { cwd: ROOT, env: { ...process.env, NATS_URL: nats.url } },
    );
    const key = stdout.trimEnd();
    const as = { authorization: `Bearer ${key}` };
    await eventually(
      () => post(gateway.url, '{ __typename }', {}, as),
      ({ data }) => data !== undefined,
    );
    await openAs(key);
    await rowOf('Models', MODEL).waitFor();
    expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
    expect(await page.getByRole('tab').count()).toBe(0);
    expect(opened.problems).toEqual([]);
  });
});
