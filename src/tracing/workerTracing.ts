/** The traces of a worker or a trainer: runs, what came of them, and steps. */
import { SpanKind } from '@opentelemetry/api';
import type { EndsPart, Run } from '../contract/messages/ends.ts';
import type { StepJob } from '../contract/messages/work.ts';
import { parseTraceparent, type SpanName, type TaskFields } from '../contract/trace.ts';
import type { Config } from '../process/config.ts';
import { Exporting, type TracedProcess } from './exporting.ts';
import { Sampling } from './sampling.ts';
import { type EndedSpan, newSpan, recordSpan } from './spans.ts';

export interface WorkerTracingOptions extends TracedProcess {
  readonly config: Pick<Config, 'tracesSampler' | 'tracesSamplerArg'>;
  /** Milliseconds since the epoch, broker time. */
  readonly now: () => number;
}

/** A run that is over. */
interface RunOfTasks {
  readonly model: string;
  readonly version: string;
  /** The same object that the ends of its tasks have. */
  readonly run: Run;
  /** Its number among the runs of its rows, from 1. */
  readonly attempt: number;
  /** When this attempt began, broker time: the first one when the batch was formed. */
  readonly begunAt: number;
  readonly errorCode: string | undefined;
  /** W3C `traceparent` of its tasks. */
  readonly traces: () => readonly string[];
}

interface StoredEnds {
  readonly model: string;
  readonly part: EndsPart;
  readonly fieldsOf: (i: number) => TaskFields;
}

/** A try of a step that is over. */
interface TriedStep {
  readonly job: Pick<StepJob, 'taskId' | 'model' | 'step' | 'trace'>;
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly errorCode: string | undefined;
}

export class WorkerTracing implements AsyncDisposable {
  readonly #options: WorkerTracingOptions;
  readonly #exporting: Exporting;
  readonly #sampling: Sampling;
  /** The spans of the batches of runs. Ends are stored while the next batch runs. */
  readonly #batches = new WeakMap<Run, SpanName>();

  constructor(options: WorkerTracingOptions) {
    const { tracesSampler, tracesSamplerArg } = options.config;
    this.#options = options;
    this.#exporting = new Exporting(options);
    this.#sampling = new Sampling(tracesSampler, tracesSamplerArg);
  }

  /**
   * A run is over. Its batch has one span, in the trace of its first recorded task, with links to all of them: spans
   * have one trace, and the tasks of a batch seldom have the same.
   */
  ran({ model, version, run, attempt, begunAt, errorCode, traces }: RunOfTasks): void {
    const tasks = [...new Set(traces())].flatMap((trace) => this.#recorded(trace) ?? []);
    const [parent] = tasks;
    if (parent === undefined) return;
    const batch = newSpan(parent.traceId);
    this.#batches.set(run, batch);
    const ranUntil = run.startedAt + run.computeMs;
    const attributes = {
      ...{ 'tidings.model.name': model, 'tidings.model.version': version },
      'tidings.batch.attempt': attempt,
    };
    this.#record({
      ...{ name: `batch ${model}`, kind: SpanKind.CONSUMER, span: batch, parent, links: tasks },
      ...{ startedAt: begunAt, endedAt: ranUntil, errorCode },
      attributes: {
        ...{ 'messaging.system': 'nats', 'messaging.operation.type': 'process' },
        'messaging.batch.message_count': run.batchSize,
        ...attributes,
      },
    });
    this.#record({
      ...{ name: `run ${model}`, kind: SpanKind.INTERNAL, span: newSpan(parent.traceId), parent: batch },
      ...{ startedAt: run.startedAt, endedAt: ranUntil, attributes, errorCode },
    });
  }

  /** Ends are stored. Each task has a span in its own trace. */
  stored({ model, part, fieldsOf }: StoredEnds): void {
    const { traces = [], run, finishedAt, state, error, modelVersion } = part;
    const batch = run && this.#batches.get(run);
    const endedAt = this.#options.now();
    for (const [i, trace] of traces.entries()) {
      const task = this.#recorded(trace);
      if (task === undefined) continue;
      const isOfBatch = batch?.traceId === task.traceId;
      this.#record({
        ...{ name: `result ${model}`, kind: SpanKind.PRODUCER, span: newSpan(task.traceId) },
        ...(isOfBatch ? { parent: batch } : { parent: task, links: batch ? [batch] : [] }),
        ...{ startedAt: finishedAt, endedAt, errorCode: error?.code },
        attributes: {
          ...{ 'messaging.system': 'nats', 'messaging.operation.type': 'send' },
          ...{ 'tidings.task.id': fieldsOf(i).taskId, 'tidings.task.state': state },
          ...{ 'tidings.model.name': model, 'tidings.model.version': modelVersion },
        },
      });
    }
  }

  /** A try of a step of a training, or of a check, is over. */
  tried({ job, attempt, startedAt, endedAt, errorCode }: TriedStep): void {
    const parent = this.#recorded(job.trace ?? null);
    if (parent === undefined) return;
    this.#record({
      ...{ name: `step ${job.step}`, kind: SpanKind.CONSUMER, span: newSpan(parent.traceId), parent },
      ...{ startedAt, endedAt, errorCode },
      attributes: {
        ...{ 'messaging.system': 'nats', 'messaging.operation.type': 'process' },
        ...{ 'tidings.task.id': job.taskId, 'tidings.model.name': job.model },
        'tidings.step.attempt': attempt,
      },
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#exporting[Symbol.asyncDispose]();
  }

  /** The task that a `traceparent` names, if its trace is recorded. */
  #recorded(trace: string | null): SpanName | undefined {
    const task = parseTraceparent(trace);
    return task !== undefined && this.#sampling.recorded(task) !== undefined ? task : undefined;
  }

  #record(span: EndedSpan): void {
    recordSpan(span, this.#exporting);
  }
}
