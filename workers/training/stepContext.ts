/** What a step is given for one try. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../../src/broker/broker.ts';
import type { Artifacts } from '../../src/contract/artifact.ts';
import { RequestError, RequestErrorCode } from '../../src/contract/errors.ts';
import type { StepJob, StepResult } from '../../src/contract/messages/work.ts';
import { taskFields } from '../../src/contract/trace.ts';
import { STEP_NAMES, type StepName } from '../../src/contract/work.ts';
import type { Model } from '../../src/models/models.ts';
import type { Logger } from '../../src/process/log.ts';
import { keepFile } from './artifactFiles.ts';
import type { Scratch } from './scratch.ts';
import type { StepContext } from './step.ts';
import type { TryProgress } from './tryProgress.ts';

export interface ContextOptions {
  readonly broker: Pick<Broker, 'work'>;
  readonly artifacts: Artifacts;
  readonly scratch: Scratch;
  readonly job: StepJob;
  readonly model: Model;
  readonly progress: TryProgress;
  readonly signal: AbortSignal;
  readonly write: (line: string) => void;
  readonly log: Logger;
}

const STORE_RETRY_MS = 2_000;
const STORE_FULL_WITHIN_MS = 10 * 60_000;

export async function contextOf(options: ContextOptions): Promise<StepContext & AsyncDisposable> {
  const { job, model, artifacts, progress, signal, write, log } = options;
  const earlier = await earlierResults(options);
  const folder = await options.scratch.folderFor(`${job.taskId}-${job.step}`);
  return {
    ...{ job, model, earlier, signal, write },
    folder: folder.path,
    artifacts: patient(artifacts, options),
    checkpoint: progress.checkpoint,
    log: log.child({ ...taskFields(job.taskId, job.trace), step: job.step }),
    report: (notice) => progress.report(notice),
    note: (text) => progress.note(text),
    // A recipe waits for it, so it is tried once.
    keep: async (file) => progress.keep(await keepFile(artifacts, file, 'checkpoint')),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What the steps before have given. */
async function earlierResults({ broker, job }: ContextOptions) {
  const earlier = new Map<StepName, StepResult['output']>();
  for (const step of STEP_NAMES) {
    if (step === job.step) break;
    const result = await broker.work.readStepResult(job.taskId, step);
    if (result !== undefined) earlier.set(step, result.output);
  }
  return earlier;
}

/**
 * A store that is waited for: hours of work must not be lost because the broker is away for a moment. If it is full, the
 * step waits for ten minutes.
 */
function patient(artifacts: Artifacts, { signal, write }: ContextOptions): Artifacts {
  return {
    find: (digest) => artifacts.find(digest),
    read: (digest) => artifacts.read(digest),
    async put(digest, content) {
      const giveUpAt = performance.now() + STORE_FULL_WITHIN_MS;
      for (let tries = 1; ; tries++) {
        try {
          return await artifacts.put(digest, content);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof RequestError)) throw error;
          const isFull = error.code === RequestErrorCode.BlobStoreFull;
          const isAway = error.code === RequestErrorCode.BrokerUnavailable;
          if (!isAway && (!isFull || performance.now() > giveUpAt)) throw error;
          if (tries === 1) write(`waiting for the store of artifacts: ${error.message}`);
          await sleep(STORE_RETRY_MS, undefined, { signal });
        }
      }
    },
  };
}
