/**
 * The traces of a gateway: operations, what they submit, and what subscribers are given. Tasks are followed by their
 * events; their code does not know this.
 */
import { SpanKind } from '@opentelemetry/api';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import type { ReadingClient } from '../contract/principal.ts';
import { isFinal, type Task } from '../contract/task.ts';
import { parseTraceparent, type RequestTrace, type SpanName, traceparentOf } from '../contract/trace.ts';
import type { EndedOperation, OperationTracing, RecordedOperation } from '../edge/tracedOperations.ts';
import type { Config } from '../process/config.ts';
import type { ListWatches } from '../tasks/listWatches.ts';
import type { TaskUpdate } from '../tasks/manyTasksWatch.ts';
import type { TaskEvents } from '../tasks/taskEvents.ts';
import { TokenBucket } from '../tasks/tokenBucket.ts';
import type { AllTasks } from '../workflow/allTasks.ts';
import { Exporting, type TracedProcess } from './exporting.ts';
import { FollowedStates } from './followedStates.ts';
import { Sampling } from './sampling.ts';
import { newSpan, recordSpan } from './spans.ts';

export interface GatewayTracingOptions extends Omit<TracedProcess, 'role'> {
  readonly config: Pick<Config, 'tracesSampler' | 'tracesSamplerArg'>;
  readonly events: Pick<TaskEvents, 'on'>;
  /** Milliseconds since the epoch, broker time. */
  readonly now: () => number;
}

/** A state that is given later is of a client that looks the task up. It would make a trace of seconds one of hours. */
const PUSHED_WITHIN_MS = 10_000;

/** A task that a recorded operation submits. */
interface Submitted {
  readonly span: SpanName;
  readonly operation: SpanName;
  readonly startedAt: number;
}

/** What subscriptions to one task ask. */
interface Watched {
  result(id: string, client: ReadingClient): Promise<AsyncIterableIterator<Task>>;
  updates(id: string, client: ReadingClient): Promise<AsyncIterableIterator<Task>>;
}

/** Subscriptions to many tasks. */
interface Lists {
  watchIds(...asked: Parameters<ListWatches['watchIds']>): Promise<AsyncIterableIterator<TaskUpdate>>;
  watchFilter(...asked: Parameters<ListWatches['watchFilter']>): Promise<AsyncIterableIterator<TaskUpdate>>;
}

/**
 * Operations in a second that are recorded because their clients ask for it: any client can, for each of its operations,
 * and choose an id that the samplers by ratio record.
 */
const MAX_ASKED_PER_S = 100;
/** The most characters of the name of an operation, which its client chooses. */
const MAX_NAME = 100;

export class GatewayTracing implements OperationTracing, AsyncDisposable {
  readonly #options: GatewayTracingOptions;
  readonly #exporting: Exporting;
  readonly #sampling: Sampling;
  readonly #asked = new TokenBucket(1_000);
  readonly #listening: Disposable;
  /** By the `traceparent` of their jobs, while their operations go on. */
  readonly #submitted = new Map<string, Submitted>();

  constructor(options: GatewayTracingOptions) {
    const { config, events } = options;
    this.#options = options;
    this.#exporting = new Exporting({ ...options, role: 'gateway' });
    this.#sampling = new Sampling(config.tracesSampler, config.tracesSamplerArg);
    this.#listening = events.on('accepted', (job) => this.#accepted(job));
  }

  admits(traceparent: string): boolean {
    const parent = parseTraceparent(traceparent);
    const isAsked = parent !== undefined && this.#sampling.recorded(parent) !== undefined;
    if (!isAsked || this.#sampling.recordsAll) return true;
    if (this.#asked.waitMs(MAX_ASKED_PER_S, 1) > 0) return false;
    this.#asked.take(MAX_ASKED_PER_S, 1);
    return true;
  }

  begin(traceparent: string | undefined): RecordedOperation | undefined {
    const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    const traceId = parent === undefined ? this.#sampling.newTrace() : this.#sampling.recorded(parent);
    if (traceId === undefined) return undefined;
    const span = newSpan(traceId);
    const startedAt = this.#options.now();
    const submitted: string[] = [];
    const trace: RequestTrace = {
      traceparent: traceparentOf(span),
      forTask: () => {
        const ofTask = newSpan(traceId);
        const named = traceparentOf(ofTask);
        submitted.push(named);
        this.#submitted.set(named, { span: ofTask, operation: span, startedAt: this.#options.now() });
        return named;
      },
    };
    const end = (operation: EndedOperation) => {
      // What is left was not accepted.
      for (const named of submitted) this.#submitted.delete(named);
      this.#recordOperation(operation, span, parent, startedAt);
    };
    return { trace, end };
  }

  /** @returns the id of the trace of a job, if it is recorded. */
  recordedId(traceparent: string): string | undefined {
    const span = parseTraceparent(traceparent);
    return span && this.#sampling.recorded(span);
  }

  /** The same tasks, of which each state that a subscriber is given is followed. */
  followed(tasks: AllTasks): Pick<AllTasks, 'page' | 'partial' | 'cancel' | 'find'> & Watched {
    const pushOf = (task: Task) => this.#pushOf(task);
    return {
      page: tasks.page.bind(tasks),
      partial: tasks.partial.bind(tasks),
      cancel: tasks.cancel.bind(tasks),
      find: tasks.find.bind(tasks),
      result: (id, client) => tasks.result(id, client).then((states) => new FollowedStates(states, pushOf)),
      updates: (id, client) => tasks.updates(id, client).then((states) => new FollowedStates(states, pushOf)),
    };
  }

  /** The same for subscriptions to many tasks. */
  followedLists(lists: ListWatches): Lists {
    const pushOf = (update: TaskUpdate) => ('task' in update ? this.#pushOf(update.task) : undefined);
    return {
      watchIds: async (...asked) => new FollowedStates(await lists.watchIds(...asked), pushOf),
      watchFilter: async (...asked) => new FollowedStates(await lists.watchFilter(...asked), pushOf),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
    await this.#exporting[Symbol.asyncDispose]();
  }

  #recordOperation(
    { kind, field, name, errorCode }: EndedOperation,
    span: SpanName,
    parent: SpanName | undefined,
    startedAt: number,
  ): void {
    const attributes = {
      'graphql.operation.type': kind,
      ...(name === undefined ? {} : { 'graphql.operation.name': beginningOf(name) }),
    };
    const what = { name: field === undefined ? kind : `${kind} ${field}`, kind: SpanKind.SERVER };
    const endedAt = this.#options.now();
    recordSpan({ ...what, span, parent, startedAt, endedAt, attributes, errorCode }, this.#exporting);
  }

  #accepted({ trace = '', taskId, model, version }: Job | RowBatchJob): void {
    const submitted = this.#submitted.get(trace);
    if (submitted === undefined) return;
    this.#submitted.delete(trace);
    const { span, operation: parent, startedAt } = submitted;
    const attributes = {
      ...{ 'messaging.system': 'nats', 'messaging.operation.type': 'send' },
      ...attributesOf({ id: taskId, model, modelVersion: version }),
    };
    const what = { name: `accept ${model}`, kind: SpanKind.PRODUCER };
    const endedAt = this.#options.now();
    recordSpan({ ...what, span, parent, startedAt, endedAt, attributes }, this.#exporting);
  }

  /** @returns undefined if the task is not recorded, or if it was over before its subscriber came. */
  #pushOf(task: Task): (() => void) | undefined {
    const parent = task.trace === undefined ? undefined : parseTraceparent(task.trace);
    if (parent === undefined || this.#sampling.recorded(parent) === undefined) return undefined;
    const startedAt = this.#options.now();
    if (isFinal(task) && startedAt - task.finishedAt > PUSHED_WITHIN_MS) return undefined;
    return () => {
      const attributes = { ...attributesOf(task), 'tidings.task.state': task.state };
      const what = { name: `push ${task.model}`, kind: SpanKind.INTERNAL, span: newSpan(parent.traceId) };
      const endedAt = this.#options.now();
      const errorCode = isFinal(task) ? task.error?.code : undefined;
      recordSpan({ ...what, parent, startedAt, endedAt, attributes, errorCode }, this.#exporting);
    };
  }
}

/** Copied through bytes: V8 would keep the whole operation alive for its name. */
function beginningOf(name: string): string {
  return Buffer.from(name.slice(0, MAX_NAME)).toString();
}

function attributesOf({ id, model, modelVersion }: Pick<Task, 'id' | 'model' | 'modelVersion'>) {
  return { 'tidings.task.id': id, 'tidings.model.name': model, 'tidings.model.version': modelVersion };
}
