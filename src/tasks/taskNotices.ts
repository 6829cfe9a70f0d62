/**
 * Notices about tasks that are followed here: a worker runs them, a row batch makes progress, they were moved to
 * another version. Notices may be lost; a task's end does not depend on them.
 */
import type { Broker, Listening } from '../broker/broker.ts';
import type { MovedNotice, PartialOutput, RunningNotice } from '../contract/messages/notices.ts';
import { TaskState } from '../contract/task.ts';
import { type OpenTask, show } from './openTask.ts';
import type { OpenTasks } from './openTasks.ts';
import type { PartialOutputs } from './partialOutputs.ts';
import { isProgressOf, RowBatchProgress } from './rowBatchProgress.ts';

export interface TaskNoticesOptions {
  readonly broker: Pick<Broker, 'notices' | 'now'>;
  readonly home: string;
  readonly open: Pick<OpenTasks, 'followed'>;
  readonly partials: Pick<PartialOutputs, 'keep'>;
}

/** A worker's notice of one task when it starts a run. */
interface Run {
  readonly startedAt: number;
  readonly attempts: number;
}

export class TaskNotices implements Disposable {
  readonly #options: TaskNoticesOptions;
  readonly #listening = new DisposableStack();
  /** By the home of other gateways. */
  readonly #feeds = new Map<string, { users: number; readonly listening: Listening }>();

  constructor(options: TaskNoticesOptions) {
    const { broker, home } = options;
    this.#options = options;
    this.#listening.use(broker.notices.listenRunning(home, (notice) => this.#run(notice)));
    this.#listening.use(broker.notices.listenMoved(home, (notice) => this.#move(notice)));
  }

  /** Hears of runs of another gateway's tasks until it is disposed. One subscription per gateway serves all users. */
  listenTo(home: string): Disposable {
    const feed = this.#feeds.get(home) ?? {
      users: 0,
      listening: this.#options.broker.notices.listenRunning(home, (notice) => this.#run(notice)),
    };
    feed.users++;
    this.#feeds.set(home, feed);
    return {
      [Symbol.dispose]: () => {
        feed.users--;
        if (feed.users > 0) return;
        feed.listening[Symbol.dispose]();
        this.#feeds.delete(home);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #run(notice: RunningNotice): void {
    notice.taskIds.forEach((id, i) => {
      const open = this.#options.open.followed(id);
      if (open === undefined) return;
      const run = { startedAt: notice.startedAt, attempts: notice.attempts[i] ?? 1 };
      const partial = notice.partials?.[i];
      if (open.task.batch !== undefined) this.#progress(open, run, notice);
      else if (partial !== undefined) this.#showPartial(open, run, partial);
      else this.#start(open, run);
    });
  }

  #start(open: OpenTask, run: Run): void {
    open.task = { ...open.task, ...run, state: TaskState.Running };
    show(open);
  }

  /** The notice of the start may have been lost, or be on its way. */
  #showPartial(open: OpenTask, run: Run, partial: PartialOutput): void {
    if (open.watches.size === 0) return;
    const isNew = this.#options.partials.keep(open.address.id, partial, run.attempts);
    if (open.task.state === TaskState.Queued || open.task.attempts < run.attempts) this.#start(open, run);
    else if (isNew) show(open);
  }

  #progress(open: OpenTask, run: Run, { progress }: RunningNotice): void {
    const { batch, attempts } = open.task;
    const startedAt = open.task.startedAt ?? run.startedAt;
    // A notice about a row that is run alone names its task only.
    if (batch === undefined || progress === undefined || !isProgressOf(batch, progress)) return;
    open.progress ??= new RowBatchProgress();
    open.task = {
      ...open.task,
      state: TaskState.Running,
      startedAt,
      attempts: Math.max(attempts, run.attempts),
      batch: open.progress.add(batch, progress, this.#options.broker.now() - startedAt),
    };
    if (open.progress.takeNews(performance.now())) show(open);
  }

  #move({ taskIds, version }: MovedNotice): void {
    for (const id of taskIds) {
      const open = this.#options.open.followed(id);
      // A task that runs may end on the version it runs on: its result will tell.
      if (open?.task.state !== TaskState.Queued) continue;
      open.task = { ...open.task, modelVersion: version };
      show(open);
    }
  }
}
