/** A models folder whose trip-duration is trained by a shell script, tinyRecipe.sh: it starts in milliseconds. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { StepJob } from '../../src/contract/messages/work.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { StepName, WorkKind } from '../../src/contract/work.ts';
import { newWorkAddress } from '../../src/contract/workId.ts';
import { HOME } from './jobs.ts';
import { constantGraph, type ModelsFolder, modelsWith } from './models.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A training that is submitted again gives the same bytes at another time only if this is the same. */
const SUBMITTED_AT = Date.parse('2026-01-01T00:00:00Z');
const MINUTES = 9;
const ROW = {
  input: { pickupLocationId: 1, dropoffLocationId: 2, tripDistanceMiles: 3, pickupAt: '2026-01-01T12:00:00' },
  output: { durationMinutes: MINUTES },
};
const SCRIPT = join(import.meta.dirname, 'tinyRecipe.sh');

/** Files of weights in the model's folder, for the parameter `weights`. */
export const WEIGHTS = { good: 'good.onnx', notNumbers: 'nan.onnx' } as const;

/** @param training more members of `training` in the manifest. */
export async function tinyTraining(training: Readonly<Record<string, unknown>> = {}): Promise<ModelsFolder> {
  const folder = await modelsWith((manifest) => {
    manifest.training = {
      command: ['sh', 'train.sh'],
      targets: { durationMinutes: 'minutes' },
      ...training,
    };
  });
  await cp(SCRIPT, join(folder.model, 'train.sh'));
  await writeFile(join(folder.model, WEIGHTS.good), constantGraph(MINUTES));
  await writeFile(join(folder.model, WEIGHTS.notNumbers), constantGraph(Number.NaN));
  await writeFile(join(folder.model, 'golden.json'), JSON.stringify({ tolerance: 0, rows: [ROW] }));
  return folder;
}

/** The job of the step `train`. @param deadline by default its time is not over for a day */
export function trainingJob(
  params: Readonly<Record<string, string>>,
  { now = Date.now(), deadline = now + DAY_MS }: { readonly now?: number; readonly deadline?: number } = {},
): StepJob {
  const { id, model } = newWorkAddress({
    kind: WorkKind.Training,
    model: 'trip-duration',
    home: HOME,
    deadlineSecond: Math.ceil(deadline / 1_000),
    openedAt: Math.floor(now * 10),
  });
  return {
    ...{ v: MESSAGE_VERSION, taskId: id, model, owner: ANONYMOUS, step: StepName.Train },
    ...{ submittedAt: SUBMITTED_AT, deadline },
    training: {
      datasets: [{ name: 'months', digest: '0'.repeat(64), use: 'TRAIN' }],
      ...{
        recipe: 'sh',
        params: { weights: WEIGHTS.good, ...params },
        seed: 0,
        class: 'cpu',
        maxAttempts: 3,
      },
    },
  };
}
