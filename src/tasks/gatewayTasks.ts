/** The gateway's side of tasks, put together. Closing it ends the watches and stops the listening. */
import type { BlobStore, Broker } from '../broker/broker.ts';
import type { Owner } from '../contract/owner.ts';
import type { QuotasOf, QuotasOfKey } from '../contract/quotas.ts';
import { MAX_TIMEOUT_MS } from '../contract/task.ts';
import type { Model } from '../models/models.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { Offering } from '../rollout/offering.ts';
import { Acceptance } from './acceptance.ts';
import { type Admission, openAdmission } from './admission.ts';
import { BlobReads } from './blobReads.ts';
import { Bundles } from './bundles.ts';
import { FairShare } from './fairShare.ts';
import { InputBlobs } from './inputBlobs.ts';
import { KeptBytes } from './keptBytes.ts';
import { ListWatches } from './listWatches.ts';
import { Nudges } from './nudges.ts';
import { OpenTasks } from './openTasks.ts';
import { Outputs } from './outputs.ts';
import { OwnerBlobs } from './ownerBlobs.ts';
import { OwnerCounts } from './ownerCounts.ts';
import { OwnerQuotas } from './ownerQuotas.ts';
import { PartialOutputs } from './partialOutputs.ts';
import { Redrives } from './redrives.ts';
import { RequestRecords } from './requestRecords.ts';
import { Requests } from './requests.ts';
import { Retries } from './retries.ts';
import { Storing } from './storing.ts';
import { Submissions } from './submissions.ts';
import { TaskEvents } from './taskEvents.ts';
import { TaskList } from './taskList.ts';
import { TaskNotices } from './taskNotices.ts';
import { TaskReader } from './taskReader.ts';
import { Tasks } from './tasks.ts';
import { TaskWatches } from './taskWatches.ts';
import { UpdateWishes } from './updateWishes.ts';
import { WatchedTasks } from './watchedTasks.ts';

export interface GatewayTasksOptions {
  readonly broker: Broker;
  readonly blobStore: BlobStore;
  readonly home: string;
  readonly models: readonly Model[];
  readonly offering: Offering;
  readonly limits: Config;
  readonly quotasOf: QuotasOf;
  readonly quotasOfKey: QuotasOfKey;
  /** How many actuals of an owner are kept. */
  readonly actualsOf: (owner: Owner) => number;
  readonly log: Logger;
}

export interface GatewayTasks extends Disposable {
  readonly events: TaskEvents;
  readonly open: OpenTasks;
  readonly admission: Admission;
  readonly submissions: Submissions;
  readonly tasks: Tasks;
  readonly watches: TaskWatches;
  readonly storing: Storing;
  readonly list: TaskList;
  readonly listWatches: ListWatches;
  readonly redrives: Redrives;
  readonly retries: Retries;
  readonly quotas: OwnerQuotas;
  readonly blobs: OwnerBlobs;
  readonly blobReads: BlobReads;
  readonly outputs: Outputs;
  /** Ends every watch with `SHUTTING_DOWN`. */
  endWatches(): void;
}

export async function openGatewayTasks(options: GatewayTasksOptions): Promise<GatewayTasks> {
  const { broker, limits } = options;
  using opened = new DisposableStack();
  const counts = opened.use(
    new OwnerCounts({ ...options, onTaken: (...taken) => quotas.takenElsewhere(...taken) }),
  );
  const keptMs = limits.resultTtlS * 1_000 + MAX_TIMEOUT_MS;
  const kept = opened.use(new KeptBytes({ counts, keptMs }));
  const quotas = new OwnerQuotas({ ...options, counts, kept });
  const reads = new BlobReads({ store: options.blobStore });
  const blobs = new OwnerBlobs({ store: options.blobStore, reads, quotas });
  const events = new TaskEvents();
  const open = opened.use(new OpenTasks({ ...options, events, limit: limits.openTasksMax }));
  opened.use(new Nudges({ broker, open, events }));
  const reader = new TaskReader({ ...options, open });
  const partials = opened.use(new PartialOutputs({ events }));
  const notices = opened.use(new TaskNotices({ ...options, open, partials }));
  const wishes = opened.use(new UpdateWishes({ broker }));
  const watched = opened.use(new WatchedTasks({ ...options, open }));
  const { maxSubscriptions } = limits;
  const watches = opened.use(
    new TaskWatches({ broker, open, reader, notices, wishes, watched, partials, maxSubscriptions, quotas }),
  );
  const list = new TaskList({ ...options, open, reader });
  const listWatches = opened.use(new ListWatches({ broker, list, watches, quotas }));
  const admission = opened.use(await openAdmission({ ...options, open, counts }));
  const storing = new Storing({ broker, limits });
  const records = new RequestRecords({ broker, storing });
  const bundles = new Bundles({ broker, storing, home: options.home });
  const fairShare = new FairShare({ counts });
  const inputBlobs = new InputBlobs({ broker, blobs, store: options.blobStore });
  const queue = { broker, open, admission, storing, bundles, quotas, fairShare, inputBlobs };
  const acceptance = new Acceptance({ ...options, open, admission, events });
  const requests = new Requests({ broker, records, acceptance, admission, reader });
  const redrives = new Redrives({ ...options, records, acceptance, open, reader, queue });
  const tasks = new Tasks({ broker, reader, watches, partials });
  const closing = opened.move();
  return {
    events,
    open,
    admission,
    quotas,
    blobs,
    blobReads: reads,
    outputs: new Outputs({ ...options, reader, tasks, reads }),
    submissions: new Submissions({ ...options, acceptance, requests, queue, reader, watches, events }),
    tasks,
    watches,
    storing,
    list,
    listWatches,
    redrives,
    retries: new Retries({ ...options, quotas, reader, redrives }),
    endWatches: () => {
      watches[Symbol.dispose]();
      listWatches[Symbol.dispose]();
    },
    [Symbol.dispose]: () => closing[Symbol.dispose](),
  };
}
