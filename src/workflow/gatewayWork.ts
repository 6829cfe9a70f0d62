/** The gateway's side of work, put together. Closing it ends the watches and the sweeper. */
import type { Broker } from '../broker/broker.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import type { Storing } from '../tasks/storing.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import type { KnownToTrain } from './trainingAsk.ts';
import { TrainingList } from './trainingList.ts';
import { TrainingLogs } from './trainingLogs.ts';
import { TrainingRetries } from './trainingRetries.ts';
import { UnfinishedWork } from './unfinishedWork.ts';
import { WorkQueue } from './workQueue.ts';
import { WorkReader } from './workReader.ts';
import { WorkSubmissions } from './workSubmissions.ts';
import { WorkSweeper } from './workSweeper.ts';
import { WorkTasks } from './workTasks.ts';
import { WorkWatches } from './workWatches.ts';

export interface GatewayWorkOptions extends KnownToTrain {
  readonly broker: Broker;
  readonly home: string;
  readonly models: readonly Model[];
  readonly storing: Storing;
  /** The places of all watches of this gateway. */
  readonly places: Pick<TaskWatches, 'reserve'>;
  readonly log: Logger;
}

export interface GatewayWork extends AsyncDisposable {
  readonly submissions: WorkSubmissions;
  readonly retries: TrainingRetries;
  readonly tasks: WorkTasks;
  readonly trainings: TrainingList;
  readonly logs: TrainingLogs;
  /** Ends every watch with `SHUTTING_DOWN`. */
  endWatches(): void;
}

export function openGatewayWork(options: GatewayWorkOptions): GatewayWork {
  const { broker, models } = options;
  const opened = new AsyncDisposableStack();
  const reader = new WorkReader(options);
  const watches = opened.use(new WorkWatches({ ...options, reader }));
  const logs = opened.use(new TrainingLogs({ ...options, reader }));
  const queue = new WorkQueue(options);
  const unfinished = new UnfinishedWork({ broker });
  const hasWork = models.some(({ manifest }) => manifest.training !== undefined);
  if (hasWork) opened.use(new WorkSweeper({ ...options, queue }));
  const submissions = new WorkSubmissions({ ...options, unfinished, queue, reader, watches });
  return {
    submissions,
    retries: new TrainingRetries({ models, reader, submissions }),
    tasks: new WorkTasks({ broker, reader, watches }),
    trainings: new TrainingList({ broker, reader }),
    logs,
    endWatches: () => {
      watches[Symbol.dispose]();
      logs[Symbol.dispose]();
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
