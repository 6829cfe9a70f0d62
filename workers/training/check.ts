/** The step `check`: reads the files of a dataset, and writes the report that says whether a model can be trained on it. */

import {
  DATASET_RECORD,
  type DatasetRecord,
  type InputProfile,
} from '../../src/contract/messages/datasetRecord.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import { object, type Passing } from '../../src/contract/schema.ts';
import { shortText, TaskErrorCode } from '../../src/contract/task.ts';
import type { DatasetReport } from '../../src/data/datasetReport.ts';
import { fetchDataFiles, type LocalFile } from './dataFiles.ts';
import { isFaultOfData, openData, trainedModel } from './openData.ts';
import { type Step, type StepContext, StepFailed } from './step.ts';

export const CHECK_OUTPUT = object('what the step check gives', { record: DATASET_RECORD });
export type CheckOutput = Passing<typeof CHECK_OUTPUT>;

export interface CheckStepOptions {
  /** Where data files lie that were not uploaded. */
  readonly datasetsDir: string | undefined;
  /** How the data were distributed of which the version of a model was made that answers now, if that is known. */
  readonly liveProfile: (model: string) => Promise<readonly InputProfile[] | undefined>;
}

/** Data that no model can be trained on are no failure of the step: the report says so. */
export function checkStep({ datasetsDir, liveProfile }: CheckStepOptions): Step {
  return async (context) => {
    const { job, folder } = context;
    const { dataset } = job;
    if (dataset === undefined) throw new StepFailed(TaskErrorCode.MalformedJob, 'the job names no dataset');
    context.report({ done: 0, of: 2, unit: 'parts' });
    const files = await fetchDataFiles(dataset.files, { folder, datasetsDir, context });
    context.report({ done: 1, of: 2, unit: 'parts' });
    const report = await reportOn(files, { context, live: (await liveProfile(job.model)) ?? [] });
    const record: DatasetRecord = {
      v: MESSAGE_VERSION,
      name: dataset.name,
      digest: dataset.digest,
      model: job.model,
      owner: job.owner,
      taskId: job.taskId,
      createdAt: job.submittedAt,
      files: files.map(({ name, sha256, bytes, place }) => ({ name, sha256, bytes, place })),
      ...report,
    };
    for (const { message } of report.problems) context.write(message);
    const output: CheckOutput = { record };
    return { output, note: `${report.rowCount} rows, ${report.usable ? 'usable' : 'unusable'}` };
  };
}

async function reportOn(
  files: readonly LocalFile[],
  { context, live }: { readonly context: StepContext; readonly live: readonly InputProfile[] },
): Promise<DatasetReport> {
  const model = trainedModel(context);
  try {
    await using data = await openData(files, context);
    const { reportOf } = await import('../../src/data/datasetReport.ts');
    return await reportOf(data, model, live);
  } catch (error) {
    if (!isFaultOfData(error)) throw error;
    const problems = [{ message: shortText(error.message) }];
    return { usable: false, rowCount: 0, duplicates: 0, problems, columns: [], profile: [] };
  }
}
