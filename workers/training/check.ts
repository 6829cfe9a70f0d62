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
import { fetchDataFiles } from './dataFiles.ts';
import type { DataReader } from './dataReader.ts';
import { type Step, StepFailed } from './step.ts';
import { failureOfData, isFaultOfData, trainedModel } from './trainedModel.ts';

export const CHECK_OUTPUT = object('what the step check gives', { record: DATASET_RECORD });
export type CheckOutput = Passing<typeof CHECK_OUTPUT>;

export interface CheckStepOptions {
  /** Where data files lie that were not uploaded. */
  readonly datasetsDir: string | undefined;
  readonly data: DataReader;
  /** How the data were distributed of which the version of a model was made that answers now, if that is known. */
  readonly liveProfile: (model: string) => Promise<readonly InputProfile[] | undefined>;
}

/** Data that no model can be trained on are no failure of the step: the report says so. */
export function checkStep({ datasetsDir, data, liveProfile }: CheckStepOptions): Step {
  return async (context) => {
    const { job, folder } = context;
    const { dataset } = job;
    if (dataset === undefined) throw new StepFailed(TaskErrorCode.MalformedJob, 'the job names no dataset');
    context.report({ done: 0, of: 2, unit: 'parts' });
    const files = await fetchDataFiles(dataset.files, { folder, datasetsDir, context });
    context.report({ done: 1, of: 2, unit: 'parts' });
    const live = (await liveProfile(job.model)) ?? [];
    const asked = { files, folder, model: trainedModel(context), signal: context.signal };
    const report = await data.report(asked, live).catch(unusableReport);
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

function unusableReport(error: unknown): DatasetReport {
  if (!isFaultOfData(error)) throw failureOfData(error);
  const problems = [{ message: shortText(error.message) }];
  return { usable: false, rowCount: 0, duplicates: 0, problems, columns: [], profile: [] };
}
