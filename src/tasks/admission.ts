/** Whether there is room for one more task: in the store of results, in the queue, and in the store of chunks. */
import type { Broker } from '../broker/broker.ts';
import type { Model } from '../models/models.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { ChunkAdmission } from './chunkAdmission.ts';
import type { OpenTasks } from './openTasks.ts';
import type { OwnerCounts } from './ownerCounts.ts';
import { QueueAdmission } from './queueAdmission.ts';
import { QueuedJobs } from './queuedJobs.ts';
import { ResultAdmission } from './resultAdmission.ts';

export interface AdmissionOptions {
  readonly broker: Broker;
  readonly home: string;
  readonly models: readonly Model[];
  readonly open: OpenTasks;
  readonly counts: OwnerCounts;
  readonly limits: Config;
  readonly log: Logger;
}

export interface Admission extends Disposable {
  readonly results: Pick<ResultAdmission, 'isFull' | 'admit'>;
  readonly queue: Pick<QueueAdmission, 'requireSpace' | 'requireRoom' | 'admit' | 'isFilled'>;
  readonly chunks: Pick<ChunkAdmission, 'admit'>;
  readonly queued: Pick<QueuedJobs, 'of'>;
}

/** Resolves once the store of results has been looked at. */
export async function openAdmission(options: AdmissionOptions): Promise<Admission> {
  using opened = new DisposableStack();
  const results = opened.use(await ResultAdmission.open(options));
  const queued = opened.use(new QueuedJobs(options));
  const closing = opened.move();
  return {
    results,
    queue: new QueueAdmission({ ...options, queued }),
    chunks: new ChunkAdmission(options),
    queued,
    [Symbol.dispose]: () => closing[Symbol.dispose](),
  };
}
