/**
 * Knows every accepted task: its input, its expected answer, and everything that any client received about it.
 * At the end it reports the tasks that were lost, ended twice, or ended wrong, with evidence.
 */
import { parseTaskId } from '../../src/contract/taskId.ts';
import type { TaskView, Trip } from '../support/client.ts';
import type { DirectModel } from '../support/predictDirectly.ts';

/** The required end of a task. */
export type Expectation =
  | 'succeeds'
  | 'crashes'
  | 'times out'
  | 'expires'
  | 'succeeds or is canceled'
  /** It is no prediction, and succeeds. */
  | 'trains';

export interface Trial {
  readonly input: Trip;
  readonly expectation: Expectation;
  /** @default 60000, the default of the model */
  readonly timeoutMs?: number;
  /** True if no client looks at the task before it must have ended. The time of its end is then unknown. */
  readonly unwatched?: boolean;
}

export interface Report {
  readonly accepted: number;
  readonly finished: number;
  /** Tasks that travelled in a bundle with others. */
  readonly bundled: number;
  /** Tasks without an end, tasks whose end did not reach a subscriber, and tasks that were reported as unknown. */
  readonly lost: number;
  /** Tasks with two different ends, and requestIds with two tasks. */
  readonly doubled: number;
  /** Tasks with another end or answer than required, jobs that were left in the queue, and unforeseen errors. */
  readonly wrong: number;
  readonly kills: number;
  readonly longestGapMs: number;
  /** The longest time from any fault until all tasks that were open at that moment had ended. */
  readonly longestRecoveryMs: number;
  /** The number of tasks for each final state. */
  readonly ends: ReadonlyMap<string, number>;
  readonly refusals: ReadonlyMap<string, number>;
  /** One sentence for each finding. */
  readonly evidence: readonly string[];
}

interface AcceptedTask {
  readonly trial: Trial;
  readonly acceptedAt: number;
  /** Each different final state that was seen, and the client that saw it first. */
  readonly finals: Map<string, { readonly task: TaskView; readonly by: string }>;
  readonly waiting: Set<string>;
  readonly deniedTo: string[];
  endedAt: number | undefined;
}

const FINAL_STATES = new Set(['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED']);
/**
 * The time after its deadline within which a task must expire. A watched task expires at once, others at the sweeper's
 * next turn, and a gateway that has just started on a busy machine is slow.
 */
const EXPIRY_LIMIT_MS = 5_000;

export function isFinal({ state }: TaskView): boolean {
  return FINAL_STATES.has(state);
}

export class Oracle {
  readonly #tasks = new Map<string, AcceptedTask>();
  readonly #requests = new Map<string, string>();
  readonly #refusals = new Map<string, number>();
  readonly #faultTimes: number[] = [];
  readonly #doubledRequests: string[] = [];
  readonly #surprises: string[] = [];
  #kills = 0;
  /** In the time of `performance.now()`, like all times here. */
  lastNewsAt = performance.now();

  /** @param requestId the requestId of the submission, if it had one. */
  accepted(trial: Trial, { id }: TaskView, requestId?: string): void {
    this.lastNewsAt = performance.now();
    if (requestId !== undefined) {
      const first = this.#requests.get(requestId) ?? id;
      this.#requests.set(requestId, first);
      if (first !== id) this.#doubledRequests.push(`${requestId} stands for ${first} and for ${id}`);
    }
    if (this.#tasks.has(id)) return;
    this.#tasks.set(id, {
      trial,
      acceptedAt: performance.now(),
      finals: new Map(),
      waiting: new Set(),
      deniedTo: [],
      endedAt: undefined,
    });
  }

  /** Adds a subscriber that must receive the task's end. */
  waits(id: string, by: string): void {
    this.#tasks.get(id)?.waiting.add(by);
  }

  saw(task: TaskView, by: string): void {
    const known = this.#tasks.get(task.id);
    if (known === undefined || !isFinal(task)) return;
    known.waiting.delete(by);
    const signature = JSON.stringify(task);
    if (!known.finals.has(signature)) known.finals.set(signature, { task, by });
    if (known.endedAt !== undefined) return;
    known.endedAt = performance.now();
    this.lastNewsAt = known.endedAt;
  }

  /** A client got the answer that an accepted task does not exist. */
  denied(id: string, code: string, by: string): void {
    const known = this.#tasks.get(id);
    known?.deniedTo.push(`${by} (${code})`);
    known?.waiting.delete(by);
  }

  refused(code: string): void {
    count(this.#refusals, code);
  }

  /** Something happened that must never happen. */
  surprise(what: string): void {
    this.#surprises.push(what);
  }

  /** A fault happens now. @param kills the number of processes that it ends. */
  struck(kills: number): void {
    this.#kills += kills;
    this.#faultTimes.push(performance.now());
  }

  get ids(): readonly string[] {
    return [...this.#tasks.keys()];
  }

  async report(model: DirectModel): Promise<Report> {
    const evidence = [
      ...this.#doubledRequests.map((what) => `doubled: ${what}`),
      ...this.#surprises.map((what) => `wrong: ${what}`),
    ];
    const ends = new Map<string, number>();
    let lost = 0;
    let doubled = this.#doubledRequests.length;
    let wrong = this.#surprises.length;
    for (const [id, { trial, finals, waiting, deniedTo }] of this.#tasks) {
      const [final, ...others] = [...finals.values()];
      if (final !== undefined) count(ends, final.task.state);
      const missing = [
        ...(final === undefined ? ['nobody heard of its end'] : []),
        ...(waiting.size > 0 ? [`not told: ${[...waiting].join(', ')}`] : []),
        ...(deniedTo.length > 0 ? [`denied to ${deniedTo.join(', ')}`] : []),
      ];
      if (missing.length > 0) {
        lost++;
        evidence.push(`lost: ${id}, ${missing.join('; ')}`);
      }
      if (others.length > 0) {
        doubled++;
        const seen = [...finals.values()].map(({ task, by }) => `${task.state} ${task.finishedAt} (${by})`);
        evidence.push(`doubled: ${id}, ${seen.join(', ')}`);
      }
      const problem = final && (await problemWith(final.task, trial, model));
      if (problem !== undefined) {
        wrong++;
        evidence.push(`wrong: ${id}, ${problem} (${final?.by})`);
      }
    }
    return {
      accepted: this.#tasks.size,
      finished: ends.values().reduce((sum, some) => sum + some, 0),
      bundled: this.#bundled(),
      lost,
      doubled,
      wrong,
      kills: this.#kills,
      longestGapMs: this.#longestGap(),
      longestRecoveryMs: this.#longestRecovery(),
      ends,
      refusals: this.#refusals,
      evidence,
    };
  }

  #bundled(): number {
    const sizes = new Map<string, number>();
    for (const id of this.ids) count(sizes, parseTaskId(id)?.bundle ?? id);
    return sizes.values().reduce((sum, size) => sum + (size > 1 ? size : 0), 0);
  }

  get #watched(): readonly AcceptedTask[] {
    return [...this.#tasks.values()].filter(({ trial }) => trial.unwatched !== true);
  }

  /** The longest time in which tasks were open, but none ended. */
  #longestGap(): number {
    const tasks = this.#watched;
    const starts = tasks.map(({ acceptedAt }) => acceptedAt).toSorted((a, b) => a - b);
    const ends = tasks.flatMap(({ endedAt }) => endedAt ?? []).toSorted((a, b) => a - b);
    let longest = 0;
    for (const [i, end] of ends.entries()) {
      // If all earlier tasks had ended, the wait began with the next accepted task.
      const since = Math.max(ends[i - 1] ?? 0, starts[i] ?? 0);
      longest = Math.max(longest, end - since);
    }
    return longest;
  }

  #longestRecovery(): number {
    const tasks = this.#watched;
    const recoveries = this.#faultTimes.map((struckAt) => {
      const open = tasks.filter(
        ({ acceptedAt, endedAt = 0 }) => acceptedAt <= struckAt && endedAt > struckAt,
      );
      return Math.max(0, ...open.map(({ endedAt = 0 }) => endedAt - struckAt));
    });
    return Math.max(0, ...recoveries);
  }
}

/** @returns the problem with a task's end, if there is one. */
async function problemWith(
  task: TaskView,
  { input, expectation, timeoutMs = 60_000 }: Trial,
  model: DirectModel,
): Promise<string | undefined> {
  const end = `${task.state} ${task.error?.code ?? ''} ${task.error?.message ?? ''}`.trimEnd();
  if (expectation === 'crashes') return task.error?.code === 'WORKER_CRASHED' ? undefined : end;
  if (expectation === 'times out') return task.error?.code === 'RUN_TIMEOUT' ? undefined : end;
  if (expectation === 'expires') return task.state === 'EXPIRED' ? lateness(task, timeoutMs) : end;
  if (task.state === 'CANCELED' && expectation === 'succeeds or is canceled') return undefined;
  if (task.state !== 'SUCCEEDED') return end;
  if (expectation === 'trains') return undefined;
  const wanted = await model.predict(input);
  const got = task.prediction?.durationMinutes;
  return got === wanted ? undefined : `predicted ${got}, not ${wanted}`;
}

function lateness({ submittedAt, finishedAt }: TaskView, timeoutMs: number): string | undefined {
  const lateMs = Date.parse(finishedAt ?? '') - Date.parse(submittedAt) - timeoutMs;
  return lateMs >= -1 && lateMs <= EXPIRY_LIMIT_MS ? undefined : `expired ${lateMs} ms after its deadline`;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
