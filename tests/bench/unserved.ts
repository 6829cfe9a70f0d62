/** Tasks that stay open because no worker serves their model. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tripNumber } from '../support/predictDirectly.ts';
import type { Revision } from './benchmark.ts';
import type { GraphQLSocket } from './graphqlSocket.ts';
import { idIn, type Questions, questions } from './questions.ts';
import { tripModel } from './system.ts';

/** A model that no worker serves, so that its tasks wait. */
const UNSERVED = {
  mutation: 'predictUnserved',
  inputType: 'PredictUnservedInput',
  predictionType: 'UnservedPrediction',
};

/** Operations for this model. There are no answers to check. */
export function unansweredQuestions(): Questions {
  return questions({
    ...UNSERVED,
    output: 'durationMinutes',
    inputs: [tripNumber(0)],
    expected: [],
    options: { timeoutMs: 300_000 },
  });
}

/** A folder for MODELS_DIR, with that model beside trip-duration. */
export async function withUnservedModel(revision: Revision) {
  const folder = await tripModel(revision);
  const model = join(folder.path, 'unserved');
  await cp(join(folder.path, 'trip-duration'), model, { recursive: true });
  const file = join(model, 'model.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...manifest, name: 'unserved', graphql: UNSERVED }));
  return folder;
}

/** Submits tasks that wait. @returns their ids. */
export async function submitWaiting(
  socket: GraphQLSocket,
  asked: Questions,
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push(idIn(await socket.ask(asked.submission(0))));
  return ids;
}
