/**
 * Shadows in a gateway: versions that a share of a model's tasks is also tried on, and the comparison of the answers.
 *
 * The gateway sends a task's input to a shadow after it has accepted the task, in a later turn of the event loop, over
 * core NATS. No task waits for it, nothing is stored, and a failure costs one comparison. The shadow's answer goes to
 * the gateway that accepted the task. It compares the answer with the task's own end. The gateway keeps the answers of
 * at most `TRIED_MAX` tasks, `TRIED_MAX_BYTES` in all, each for `TRIED_MS`.
 */
import type { Broker } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { Job } from '../contract/messages/job.ts';
import type { GatewayComparisons, ShadowAnswer } from '../contract/messages/shadow.ts';
import type { Shadow } from '../contract/rollout.ts';
import { isFinal, type Task, TaskState } from '../contract/task.ts';
import { taskFields } from '../contract/trace.ts';
import type { Model } from '../models/models.ts';
import { bytesInMemory, namesBlob } from '../models/valueBytes.ts';
import type { Logger } from '../process/log.ts';
import type { Offering } from '../rollout/offering.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { OpenTasks } from '../tasks/openTasks.ts';
import type { QueueAdmission } from '../tasks/queueAdmission.ts';
import type { TaskEvents } from '../tasks/taskEvents.ts';
import { type Comparison, Comparisons, type TimedPrediction } from './comparison.ts';

export interface ShadowsOptions {
  readonly broker: Pick<Broker, 'shadows' | 'now'>;
  readonly home: string;
  readonly models: readonly Model[];
  readonly rollouts: Pick<Rollouts, 'of'>;
  readonly offering: Pick<Offering, 'isAvailable'>;
  readonly events: Pick<TaskEvents, 'on'>;
  readonly open: Pick<OpenTasks, 'known'>;
  readonly queueAdmission: Pick<QueueAdmission, 'isFilled'>;
  readonly log: Logger;
}

/** A task that is being tried, with the answers so far. */
interface TriedTask {
  /** On the clock of `performance.now()`. */
  readonly forgetAt: number;
  /** The comparison of each shadow for which the task is not counted yet. */
  readonly uncounted: Map<string, Comparison>;
  readonly answers: Map<string, ShadowAnswer>;
  end: Task | undefined;
  /** The size of all predictions so far. */
  heardBytes: number;
}

/** Tasks are sent to shadows while the queue of their model is filled to less than this share. */
const SENT_UP_TO = 0.5;
/** A task whose answers take longer is not compared. */
const TRIED_MS = 60_000;
const TRIED_MAX = 10_000;
/** The most bytes of kept predictions: one vector may take half a megabyte. Beyond it tasks are not compared. */
const TRIED_MAX_BYTES = 64 * 1024 * 1024;
const FORGET_INTERVAL_MS = 1_000;

export class Shadows implements Disposable {
  readonly #options: ShadowsOptions;
  readonly #models: ReadonlyMap<string, Model>;
  readonly #tried = new Map<string, TriedTask>();
  /** By model: the comparisons of the shadow in force. */
  readonly #found = new Map<string, { readonly since: number; readonly comparisons: Comparisons }>();
  readonly #listening = new DisposableStack();
  #heardBytes = 0;
  /** While a task is tried. */
  #forgetting: NodeJS.Timeout | undefined;

  constructor(options: ShadowsOptions) {
    const { broker, home, models, events } = options;
    this.#options = options;
    this.#models = new Map(models.map((model) => [model.manifest.name, model]));
    this.#listening.use(events.on('accepted', (job) => 'batch' in job || this.#offer(job)));
    this.#listening.use(events.on('ended', (task) => this.#hearEnd(task)));
    this.#listening.use(broker.shadows.listenAnswers(home, (answer) => this.#hearAnswer(answer)));
    this.#listening.use(broker.shadows.answerComparisons((model) => this.found(model)));
  }

  /** Tries an accepted task on the shadows of its model, each with its chance. Returns at once, and throws nothing. */
  #offer(job: Job): void {
    const shadow = this.#shadowOf(job.model);
    if (shadow === undefined) return;
    const versions = shadow.weights
      .filter(({ version, percent }) => version !== job.version && 100 * Math.random() < percent)
      .map(({ version }) => version);
    // In a later turn, so that the client of the task is answered first.
    if (versions.length > 0) setImmediate(() => void this.#try(job, versions, shadow));
  }

  /** The comparisons of this gateway for the shadows of a model; undefined if it has none. */
  found(model: string): GatewayComparisons | undefined {
    const shadow = this.#shadowOf(model);
    if (shadow === undefined) return undefined;
    const comparisons = this.#comparisonsOf(model, shadow).list();
    return {
      home: this.#options.home,
      since: shadow.since,
      comparisons: comparisons.map((sums) => sums.toJSON()),
    };
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    clearInterval(this.#forgetting);
  }

  #shadowOf(model: string): Shadow | undefined {
    return this.#options.rollouts.of(model)?.shadow;
  }

  async #try(job: Job, versions: readonly string[], shadow: Shadow): Promise<void> {
    const { queueAdmission, log } = this.#options;
    // Blobs are kept for tasks. A shadow would read them a second time.
    if (Object.values(job.input).some(namesBlob)) return;
    try {
      if (await queueAdmission.isFilled(job.model, SENT_UP_TO)) return;
      for (const version of versions) this.#send(job, version, shadow);
    } catch (error) {
      const fields = taskFields(job.taskId, job.trace);
      log.debug({ ...fields, reason: messageOf(error) }, 'a task was not sent to its shadow');
    }
  }

  #send({ taskId, model: name, version, input, deadline }: Job, shadowVersion: string, shadow: Shadow): void {
    const { broker, offering, open } = this.#options;
    const model = this.#models.get(name);
    if (model === undefined || !offering.isAvailable(model, shadowVersion)) return;
    if (this.#tried.size >= TRIED_MAX && !this.#tried.has(taskId)) return;
    const known = open.known(taskId);
    const tried = this.#tried.get(taskId) ?? {
      forgetAt: performance.now() + TRIED_MS,
      uncounted: new Map(),
      answers: new Map(),
      // The task may have ended before it could be followed.
      end: known !== undefined && isFinal(known) ? known : undefined,
      heardBytes: 0,
    };
    const comparison = this.#comparisonsOf(name, shadow).of(version, shadowVersion);
    const sentAt = broker.now();
    broker.shadows.sendJob(name, shadowVersion, {
      v: MESSAGE_VERSION,
      taskId,
      input,
      sentAt,
      deadline: Math.min(deadline, sentAt + TRIED_MS),
    });
    tried.uncounted.set(shadowVersion, comparison);
    this.#tried.set(taskId, tried);
    this.#forgetting ??= setInterval(() => this.#forgetOld(), FORGET_INTERVAL_MS).unref();
    comparison.sent++;
  }

  #hearEnd(task: Task): void {
    const tried = this.#tried.get(task.id);
    if (tried === undefined || !this.#hasRoom(task.id, tried, task)) return;
    tried.end = task;
    this.#count(task.id, tried);
  }

  #hearAnswer(answer: ShadowAnswer): void {
    const tried = this.#tried.get(answer.taskId);
    if (tried === undefined || !this.#hasRoom(answer.taskId, tried, answer)) return;
    tried.answers.set(answer.version, answer);
    this.#count(answer.taskId, tried);
  }

  /** Counts the bytes of an answer. If they exceed the limit, its task is forgotten. */
  #hasRoom(taskId: string, tried: TriedTask, { prediction = {} }: Pick<Task, 'prediction'>): boolean {
    const bytes = bytesInMemory(prediction);
    if (this.#heardBytes + bytes > TRIED_MAX_BYTES) {
      this.#forget(taskId, tried);
      return false;
    }
    tried.heardBytes += bytes;
    this.#heardBytes += bytes;
    return true;
  }

  #forget(taskId: string, { heardBytes }: TriedTask): void {
    this.#heardBytes -= heardBytes;
    this.#tried.delete(taskId);
  }

  /** Counts a task for each shadow whose answers are complete. */
  #count(taskId: string, tried: TriedTask): void {
    const { end, answers, uncounted } = tried;
    if (end === undefined) return;
    for (const [version, comparison] of uncounted) {
      const answer = answers.get(version);
      if (answer === undefined) continue;
      uncounted.delete(version);
      countIn(comparison, end, answer);
    }
    if (uncounted.size === 0) this.#forget(taskId, tried);
  }

  /** The comparisons of the given shadow. Those of the shadow before are forgotten. */
  #comparisonsOf(model: string, { since }: Shadow): Comparisons {
    const found = this.#found.get(model);
    if (found?.since === since) return found.comparisons;
    const comparisons = new Comparisons();
    this.#found.set(model, { since, comparisons });
    return comparisons;
  }

  #forgetOld(): void {
    const now = performance.now();
    for (const [taskId, tried] of this.#tried) {
      if (tried.forgetAt > now) break;
      this.#forget(taskId, tried);
    }
    if (this.#tried.size > 0) return;
    clearInterval(this.#forgetting);
    this.#forgetting = undefined;
  }
}

/** Only a task that succeeded is compared with its shadow's answer. */
function countIn(comparison: Comparison, end: Task, answer: ShadowAnswer): void {
  const counted = timedPrediction(end);
  if (end.state !== TaskState.Succeeded || counted === undefined) return;
  const tried = timedPrediction(answer);
  if (tried === undefined) comparison.failed++;
  else comparison.add(counted, tried);
}

function timedPrediction({
  prediction,
  timings,
}: Pick<Task, 'prediction' | 'timings'>): TimedPrediction | undefined {
  if (prediction === undefined || timings === undefined) return undefined;
  const { queueMs, batchMs, computeMs } = timings;
  return { prediction, latencyMs: queueMs + batchMs + computeMs, computeMs };
}
