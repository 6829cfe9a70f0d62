/** The pages Models and Training of the console in Chromium, with a real gateway, worker and trainer behind them. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../support/browser.ts';
import { fieldOf, post, submitTrip } from '../support/client.ts';
import { type ConsolePage, openConsole } from '../support/console.ts';
import { eventually } from '../support/eventually.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import {
  type Gateway,
  type Process,
  readyInTime,
  startGateway,
  startProcess,
  startWorker,
} from '../support/processes.ts';
import { tinyTraining, WEIGHTS } from '../support/tinyTraining.ts';

const browserPath = findBrowser();
const TOKEN = 'only-operators-know';
const TRIP = { pickupLocationId: 1, dropoffLocationId: 2, pickupAt: '2026-01-01T12:00:00' };
const ROLLOUT = '{ models { rollout { version percent } } }';
const HEADER = 'PULocationID,DOLocationID,trip_distance,lpep_pickup_datetime,minutes';
const TRIPS = Array.from(
  { length: 200 },
  (_, i) => `${1 + (i % 260)},${1 + (i % 100)},${i / 10},2021-01-${10 + (i % 20)} 10:00:00,${5 + (i % 9)}`,
);

let folder: AsyncDisposable & { readonly path: string };
let models: ModelsFolder;
let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let trainer: Process;

/** The recipe reports its progress until there is a file of this name. */
const mayEnd = () => join(folder.path, 'may-end');

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-console-'));
  const choice = (name: string, value: string) => ({
    ...{ name, type: 'choice', values: [value], default: value, description: `The ${name} of the recipe.` },
  });
  models = await tinyTraining({
    columns: { pickupAt: 'lpep_pickup_datetime' },
    targets: { durationMinutes: 'minutes::DOUBLE' },
    params: [choice('how', 'waits'), choice('gate', mayEnd()), choice('weights', WEIGHTS.good)],
    gate: { metrics: [{ output: 'durationMinutes', metric: 'rmse', most: 50 }] },
  });
  await addConstantVersion(models, '2', 12);
  nats = await startNats();
  const env = { MODELS_DIR: models.path, DATA_DIR: join(folder.path, 'data') };
  const started = startProcess('workers/trainer.ts', { NATS_URL: nats.url, ...env });
  trainer = started;
  [gateway, worker] = await Promise.all([
    startGateway(nats, { ...env, OPERATOR_TOKEN: TOKEN }),
    startWorker(nats, env),
    readyInTime(started),
  ]);
});

afterAll(async () => {
  for (const started of [trainer, worker, gateway, nats, models, folder])
    await started?.[Symbol.asyncDispose]();
});

describe.skipIf(browserPath === undefined)('in the console, an operator', () => {
  let opened: ConsolePage;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole(browserPath ?? '', gateway.url);
    page = opened.page;
    await page.addInitScript(`sessionStorage.setItem('tidings-token', '${TOKEN}')`);
  });

  afterAll(() => opened?.[Symbol.asyncDispose]());

  const click = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const follow = (name: string) => page.getByRole('main').getByRole('link', { name, exact: true }).click();

  test('adds a dataset, trains on it, sees what the gate says, and gives the new version a share', async () => {
    // The address that the page had before.
    await opened.open('/data');
    await page.waitForURL('**/console/training');
    await page.getByText('No dataset yet.').waitFor();
    await follow('Add a dataset');
    await page.getByRole('textbox', { name: 'Name' }).fill('trips');
    await page.locator('input[type=file]').setInputFiles({
      name: 'trips.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from([HEADER, '300,1,1,2021-01-01 10:00:00,7', ...TRIPS].join('\n')),
    });
    await opened.expectAccessible();
    await click('Send and check');
    await page.getByText('A model can be trained on it').waitFor();
    const row = page.getByRole('row').filter({ hasText: 'PULocationID' });
    expect(await row.getByRole('cell').last().innerText()).toMatch(/^1 \(0\.5 %\)/);
    await row.getByRole('img', { name: /^pickupLocationId: half of the values are up to about/ }).waitFor();
    await opened.expectAccessible();

    await follow('Train on it');
    await click('Start the training');
    await page.getByText('1 of 2 parts').waitFor();
    await page.getByRole('figure', { name: 'loss by parts' }).waitFor();
    await writeFile(mayEnd(), '');
    // Its number depends on the tests before.
    const outcome = page.getByText(/^It is version \d+ of trip-duration/);
    const version = /\d+/.exec(await outcome.innerText())?.[0] ?? '';
    const check = page.getByRole('row').filter({ hasText: 'Duration minutes, RMSE' });
    expect(await check.innerText()).toMatch(/Passed\s+[\d.]+\s+[\d.]+\s+Better by [\d.]+\s+at most 50/);
    await page.getByRole('link', { name: 'trips', exact: true }).waitFor();
    await opened.expectAccessible();

    await follow('Train again with these settings');
    const trainOn = page.getByRole('combobox', { name: 'Train on' });
    await eventually(
      () => trainOn.inputValue(),
      (chosen) => chosen.startsWith('trips, 201 rows'),
    );
    await page.goBack();
    await follow('Give it a share of the tasks');
    const told = page.getByRole('alert', { name: 'What this will do' });
    await told.getByText(`Version ${version} answers 10 % of the tasks, now 0 %.`).waitFor();
    await told.getByText(`No worker serves version ${version}`).waitFor({ state: 'detached' });
    await click('Set the rollout');
    await page.getByText('The rollout is set.').waitFor();
    const [model] = fieldOf<readonly { readonly rollout: unknown }[]>(await post(gateway.url, ROLLOUT));
    expect(model?.rollout).toEqual(expect.arrayContaining([{ version, percent: 10 }]));
    await page.getByRole('row', { name: /^Share, as set 10 %/ }).waitFor();
  });

  test('moves a share with the keyboard, and sees before what that will do', async () => {
    await opened.open('/models/trip-duration');
    const share = page.getByRole('slider', { name: 'Share of version 1' });
    await share.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
    await page.getByText('Version 1 answers 5 % of the tasks, now 0 %.').waitFor();
    const shares = await page
      .getByRole('slider')
      .evaluateAll((sliders) => sliders.map((slider) => Number(slider.getAttribute('aria-valuenow'))));
    expect(shares.reduce((sum, percent) => sum + percent, 0)).toBeCloseTo(100);
    await click('Back to what is set');
    expect(await share.getAttribute('aria-valuenow')).toBe('0');
  });

  test('tries a version beside the others, and sees how far its answers are from theirs', async () => {
    await opened.open('/models/trip-duration');
    await page.getByLabel('Tasks that are also tried on version 1, in percent').fill('100');
    await page.getByText('100 % of the tasks of other versions are also tried on version 1.').waitFor();
    await click('Set the rollout');
    await page.getByText('No task has been tried yet.').waitFor();
    for (let i = 0; i < 20; i++) await submitTrip(gateway.url, { ...TRIP, tripDistanceMiles: i });
    const figure = page.getByRole('figure', { name: 'Difference of version 1 from version 2' });
    await figure.getByText(/Mean absolute difference of duration minutes, minutes \d/).waitFor();
    await figure.locator('canvas').waitFor();
    await opened.expectAccessible();
  });

  test('brings a version from the disk, which is checked before it is sent, and sees how workers take it', async () => {
    await using theirs = await modelsWith();
    for (const [i, version] of ['7', '8'].entries()) await addConstantVersion(theirs, version, 17 + i);
    const folderOf = (version: string) => join(theirs.model, version);
    await opened.open('/models/trip-duration');
    const choose = (path: string) => page.getByLabel('Folder of the version').setInputFiles(path);
    const number = page.getByRole('textbox', { name: 'Version of trip-duration' });
    const send = page.getByRole('button', { name: 'Send and register' });
    const files = page.getByRole('list', { name: 'Files' });
    await choose(theirs.model);
    await page.getByText('Choose the folder of one version, got').waitFor();
    await choose(folderOf('7'));
    await files.getByText('Is ready').nth(2).waitFor();
    expect(await number.inputValue()).toBe('7');
    await number.fill('1');
    await page.getByText('Version 1 has other weights').waitFor();
    expect(await send.isDisabled()).toBe(true);
    await opened.expectAccessible();

    await page.route('**/artifacts/**', (route) =>
      route.request().method() === 'PUT' ? undefined : route.continue(),
    );
    await number.fill('7');
    await send.click();
    await files.getByText(/^Sends it/).waitFor();
    await click('Cancel');
    await page.unrouteAll();
    await send.click();
    await page.getByText('Version 7 is in the registry. Workers serve it').waitFor();
    await page.getByRole('columnheader', { name: 'Version 7' }).waitFor();
    await opened.expectAccessible();

    // Its bytes are not those of its record, and then its golden rows are not answered rightly.
    const model = await readFile(join(folderOf('8'), 'model.onnx'));
    await writeFile(join(folderOf('8'), 'model.onnx'), 'other bytes');
    await dropFolder(page, folderOf('8'));
    await files.getByText('It is not the file that version.json names').waitFor();
    expect(await send.isDisabled()).toBe(true);
    await writeFile(join(folderOf('8'), 'model.onnx'), model);
    const golden = JSON.parse(await readFile(join(folderOf('8'), 'golden.json'), 'utf8'));
    golden.rows[0].output.durationMinutes = 99;
    await writeFile(join(folderOf('8'), 'golden.json'), JSON.stringify(golden));
    await dropFolder(page, folderOf('8'));
    await send.click();
    await page.getByText(/Version 8 is in the registry\. A worker refuses it: .*golden/).waitFor();
    // The browser tells of files that the gateway does not have yet, which the page asks for.
    expect(opened.problems.filter((problem) => !problem.includes('404'))).toEqual([]);
  });

  test('is shown the command that signs where versions must be signed', async () => {
    const uploadRules = { artifactMaxBytes: 1_000, mustVersionsBeSigned: true, __typename: 'UploadRules' };
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('UploadRules') === true
        ? route.fulfill({ json: { data: { uploadRules } } })
        : route.continue(),
    );
    await opened.open('/models/trip-duration');
    // The page asks for the rules once, and must not keep these.
    await page.reload();
    await page.getByText('Versions must be signed here, which a page cannot do.').waitFor();
    expect(await page.getByRole('button', { name: 'Choose a folder' }).count()).toBe(0);
    await page.unrouteAll();
    await page.reload();
  });

  test('pauses a model and lets it go on', async () => {
    await opened.open('/models/trip-duration');
    await click('Pause');
    await click('Pause trip-duration');
    await page.getByText('This model is paused').waitFor();
    await click('Resume');
    await click('Resume trip-duration');
    await page.getByText('This model is paused').waitFor({ state: 'detached' });
  });
});

/** As a person drags a folder from another window. */
async function dropFolder(page: Page, path: string): Promise<void> {
  const area = page.getByRole('region', { name: 'Files of the version' });
  await area.scrollIntoViewIfNeeded();
  const box = await area.boundingBox();
  const client = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await client.send('Input.dispatchDragEvent', {
      type,
      x: (box?.x ?? 0) + 20,
      y: (box?.y ?? 0) + 10,
      data: { items: [], files: [path], dragOperationsMask: 1 },
    });
  await client.detach();
}

test.skipIf(browserPath === undefined)(
  'a client that is no operator sees the models, and changes nothing',
  async () => {
    await using opened = await openConsole(browserPath ?? '', gateway.url);
    const { page } = opened;
    await opened.open('/models');
    await page.getByRole('link', { name: 'trip-duration' }).click();
    await page.getByRole('list', { name: 'Shares of the versions' }).getByText('Version 1').first().waitFor();
    expect(await page.getByRole('slider').count()).toBe(0);
    expect(await page.getByRole('button', { name: /Pause|Set the rollout|Retire/ }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Training' }).count()).toBe(0);
    expect(opened.problems).toEqual([]);
  },
);
