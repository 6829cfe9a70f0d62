/** Whether there is room for one more task: in the store of results, in the queue, and in the store of chunks. */
import type { Broker } from '../broker/broker.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { ChunkAdmission } from './chunkAdmission.ts';
import type { OpenTasks } from './openTasks.ts';
import { QueueAdmission } from './queueAdmission.ts';
import { ResultAdmission } from './resultAdmission.ts';

export interface AdmissionOptions {
  readonly broker: Broker;
  readonly open: OpenTasks;
  readonly limits: Config;
  readonly log: Logger;
}

export interface Admission extends Disposable {
  readonly results: Pick<ResultAdmission, 'isFull' | 'admit'>;
  readonly queue: Pick<QueueAdmission, 'requireRoom' | 'admit' | 'isFilled'>;
  readonly chunks: Pick<ChunkAdmission, 'admit'>;
}

/** Resolves once the store of results has been looked at. */
export async function openAdmission(options: AdmissionOptions): Promise<Admission> {
  const results = await ResultAdmission.open(options);
  return {
    results,
    queue: new QueueAdmission(options),
    chunks: new ChunkAdmission(options),
    [Symbol.dispose]: () => results[Symbol.dispose](),
  };
}
