/**
 * Actuals: the true values of what a task predicted. A client may report them once, as long as the task's result is
 * kept. Each is stored with its prediction. The live error of a version is computed from all of them.
 *
 * A gateway reads the errors from the stream. It does not count the reports that pass through it: so every gateway
 * knows the reports of all gateways, and a new gateway begins at the start of the stream. It reads on whenever a client
 * asks, and an answer includes everything that was stored before the question.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Broker } from '../broker/broker.ts';
import { DAY_MS } from '../contract/actualsWindow.ts';
import {
  badValue,
  brokerUnavailable,
  messageOf,
  RequestError,
  RequestErrorCode,
} from '../contract/errors.ts';
import type { LiveErrorChange } from '../contract/liveError.ts';
import type { Actual } from '../contract/messages/actual.ts';
import { MESSAGE_VERSION, NewerMessage } from '../contract/messages/decoder.ts';
import { mayRead, type Readable } from '../contract/principal.ts';
import { isFinal, type Task, TaskState } from '../contract/task.ts';
import { parseTaskId, type TaskAddress } from '../contract/taskId.ts';
import { isComparable, LARGEST_COMPARED, type NumericValues } from '../contract/values.ts';
import { type Manifest, type NumberOutput, numberOutputsOf } from '../models/manifest.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import type { OwnerQuotas } from '../tasks/ownerQuotas.ts';
import type { Tasks } from '../tasks/tasks.ts';
import { errorOf } from './actualError.ts';
import { type LiveError, LiveErrors } from './liveErrors.ts';
import type { OwnerActuals } from './ownerActuals.ts';

/** The live error of one output. */
export interface OutputLiveError extends LiveError {
  readonly output: string;
  readonly unit: string;
}

/** What a client reports of one of its tasks. */
export interface ActualReport {
  readonly taskId: string;
  /** The owners whose tasks the client may report on. */
  readonly readable: Readable;
  readonly model: string;
  /** The values of some or all numeric outputs of the model, by GraphQL name; null is left out. */
  readonly given: Readonly<Record<string, unknown>>;
}

export interface ActualsOptions {
  readonly broker: Pick<Broker, 'actuals' | 'now'>;
  readonly tasks: Pick<Tasks, 'findNewest'>;
  readonly quotas: Pick<OwnerQuotas, 'limitsActuals' | 'requireActual'>;
  /** Is filled here. */
  readonly ofOwners: OwnerActuals;
  readonly models: readonly Model[];
  readonly log: Logger;
}

/** How long an answer waits for the rest of the stream, in milliseconds. */
const ANSWER_WITHIN_MS = 1_000;
/** How often, and after how many milliseconds, a copy of the stream is asked again that is behind its leader. */
const COPY_TRIES = 40;
const COPY_RETRY_MS = 50;

export class Actuals {
  readonly #broker: ActualsOptions['broker'];
  readonly #tasks: ActualsOptions['tasks'];
  readonly #quotas: ActualsOptions['quotas'];
  readonly #ofOwners: OwnerActuals;
  readonly #manifests: ReadonlyMap<string, Manifest>;
  /** The outputs that an actual can have, by model and name. */
  readonly #outputs: ReadonlyMap<string, ReadonlyMap<string, NumberOutput>>;
  readonly #errors = new LiveErrors();
  /** The stream whose actuals are in the errors (by the time when it was made), and the last sequence that is. */
  #created = '';
  #sequence = 0;
  #reading: Promise<void>;
  #nextReading: Promise<void> | undefined;

  constructor({ broker, tasks, quotas, ofOwners, models, log }: ActualsOptions) {
    this.#broker = broker;
    this.#tasks = tasks;
    this.#quotas = quotas;
    this.#ofOwners = ofOwners;
    this.#manifests = new Map(models.map(({ manifest }) => [manifest.name, manifest]));
    this.#outputs = new Map(
      models.map(({ manifest }) => [
        manifest.name,
        new Map(numberOutputsOf(manifest).map((output) => [output.name, output])),
      ]),
    );
    this.#reading = this.#readOn();
    // The next question continues from here.
    this.#reading.catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'the actuals could not be read at the start'),
    );
  }

  /**
   * Stores the true values of a task that has succeeded. The same report again changes nothing.
   *
   * @returns the stored actual.
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `TASK_UNFINISHED`, `NO_PREDICTION`, `BAD_USER_INPUT`,
   *   `ACTUAL_CONFLICT`, `OWNER_QUOTA`, `BROKER_UNAVAILABLE`.
   */
  async report({ taskId, readable, model, given }: ActualReport): Promise<Actual> {
    const task = await this.#findOrReported(taskId, readable);
    if (task.model !== model)
      throw badValue('actual', `one of the model ${task.model}, whose task it is`, model);
    const manifest = this.#manifests.get(model);
    if (manifest === undefined) throw new Error('a task that was found is one of a model that is served');
    const actual = checkActual(manifest, given);
    if ('actual' in task) return sameOrConflict(task, actual);
    const { version, predicted } = predictedOf(task, actual);
    await this.#requireRoom(task);
    const report = {
      v: MESSAGE_VERSION,
      taskId,
      model,
      version,
      owner: task.owner,
      predicted,
      actual,
      reportedAt: this.#broker.now(),
    };
    return this.#store(report);
  }

  /**
   * The errors of a version over the window of `LiveErrors`, one for each output that was reported.
   *
   * @returns undefined while this gateway still reads earlier reports.
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async liveErrors(model: string, version: string): Promise<readonly OutputLiveError[] | undefined> {
    if (!(await isWithin(ANSWER_WITHIN_MS, this.#upToDate()))) return undefined;
    const manifest = this.#manifests.get(model);
    if (manifest === undefined) throw new Error('a version is one of a model that is served');
    return numberOutputsOf(manifest).flatMap(({ name, unit }) => {
      const error = this.#errors.of(model, version, name);
      return error === undefined ? [] : [{ output: name, unit, ...error }];
    });
  }

  /**
   * The errors of all versions, beside what they were when the day before yesterday (UTC) ended.
   *
   * @returns none while this gateway still reads earlier reports.
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async liveErrorChanges(): Promise<readonly LiveErrorChange[]> {
    if (!(await isWithin(ANSWER_WITHIN_MS, this.#upToDate()))) return [];
    return this.#errors.changesSince(Math.floor(this.#broker.now() / DAY_MS) - 2);
  }

  /** A task, or its actual if its result has expired meanwhile. */
  async #findOrReported(taskId: string, readable: Readable): Promise<Task | Actual> {
    try {
      return await this.#tasks.findNewest(taskId, readable);
    } catch (error) {
      const isGone = error instanceof RequestError && error.code === RequestErrorCode.ResultExpired;
      const address = parseTaskId(taskId);
      const reported = isGone && address !== undefined ? await this.#first(address) : undefined;
      if (reported === undefined || !mayRead(readable, reported.owner)) throw error;
      return reported;
    }
  }

  /** @throws {RequestError} `OWNER_QUOTA`. A task that has its actual already needs no room. */
  async #requireRoom({ id, owner }: Task): Promise<void> {
    if (!this.#quotas.limitsActuals(owner)) return;
    await this.#upToDate();
    try {
      this.#quotas.requireActual(owner);
    } catch (refusal) {
      const address = parseTaskId(id);
      if (address === undefined || (await this.#first(address)) === undefined) throw refusal;
    }
  }

  async #store(report: Actual): Promise<Actual> {
    const outcome = await this.#broker.actuals.store(report);
    if (outcome.type === 'stored') return report;
    const address = parseTaskId(report.taskId);
    const first =
      outcome.type === 'alreadyThere' && address !== undefined ? await this.#first(address) : undefined;
    // One that is being stored at this moment cannot be read yet.
    if (first === undefined) throw brokerUnavailable(outcome.reason);
    return sameOrConflict(first, report.actual);
  }

  /** The actual of a task. @throws {RequestError} `ACTUAL_CONFLICT` if only newer gateways can read it. */
  async #first(address: TaskAddress): Promise<Actual | undefined> {
    try {
      return await this.#broker.actuals.read(address);
    } catch (error) {
      if (!(error instanceof NewerMessage)) throw error;
      throw new RequestError(
        RequestErrorCode.ActualConflict,
        `An actual was reported of task ${address.id} to a newer gateway before, and the first one stays.`,
        { cause: error },
      );
    }
  }

  /** Resolves once all actuals are read that were stored before the call. */
  #upToDate(): Promise<void> {
    this.#nextReading ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#nextReading = undefined;
        this.#reading = this.#readOn();
        return this.#reading;
      });
    return this.#nextReading;
  }

  /**
   * The part of a stored actual that counts: outputs of the manifest with values that it allows now. So actuals that no
   * gateway has checked fill no memory, and limits that are set later exclude an absurd report.
   */
  #counted(stored: Actual): Actual {
    const outputs = this.#outputs.get(stored.model);
    const possible = Object.entries(stored.actual).filter(([name, value]) => {
      const output = outputs?.get(name);
      return output !== undefined && problemOf(output, value) === undefined;
    });
    return { ...stored, actual: Object.fromEntries(possible) };
  }

  #add(actual: Actual, sequence: number, storedAt: number): void {
    this.#ofOwners.add(actual.owner, sequence);
    this.#errors.add(this.#counted(actual), sequence, storedAt);
  }

  async #readOn(): Promise<void> {
    const { created, first, last } = await this.#broker.actuals.held();
    if (created !== this.#created) {
      // This is a new stream: the broker has lost its data, or it is another broker.
      this.#errors.clear();
      this.#ofOwners.clear();
      this.#sequence = 0;
      this.#created = created;
    }
    this.#sequence = Math.max(this.#sequence, first - 1);
    for (let tries = 0; this.#sequence < last; ) {
      const page = await this.#broker.actuals.after(this.#sequence);
      for (const { actual, sequence, storedAt } of page) {
        if (actual !== undefined) this.#add(actual, sequence, storedAt);
        this.#sequence = sequence;
      }
      tries = page.length > 0 ? 0 : tries + 1;
      if (tries === COPY_TRIES) throw brokerUnavailable('its copy of the actuals is behind');
      if (tries > 0) await sleep(COPY_RETRY_MS);
    }
    this.#ofOwners.forgetBefore(first);
    this.#errors.advance({ now: this.#broker.now(), firstSequence: first, lastSequence: this.#sequence });
  }
}

/** @throws {RequestError} `BAD_USER_INPUT` naming the first wrong output, or saying that there is none. */
function checkActual(manifest: Manifest, given: Readonly<Record<string, unknown>>): NumericValues {
  const outputs = numberOutputsOf(manifest);
  const reported = outputs.filter(({ name }) => given[name] != null);
  if (reported.length === 0)
    throw badValue('actual', `at least one of ${outputs.map(({ name }) => name).join(', ')}`, 'none');
  return Object.fromEntries(reported.map((output) => [output.name, readActual(output, given[output.name])]));
}

function readActual(output: NumberOutput, given: unknown): number | readonly number[] {
  const problem = problemOf(output, given);
  if (problem !== undefined) {
    throw badValue(output.name, problem.expected, problem.got, { limits: boundsOf(output) });
  }
  return Array.isArray(given) ? given.map(withoutSignOfZero) : withoutSignOfZero(given as number);
}

/** Why a value cannot be the actual of an output; undefined if it can. */
function problemOf(output: NumberOutput, value: unknown): { expected: string; got: string } | undefined {
  const { unit, size } = output;
  const { minimum, maximum } = boundsOf(output);
  const isTrue = (number: unknown) => typeof number === 'number' && number >= minimum && number <= maximum;
  const limits = `from ${minimum} to ${maximum} (${unit})`;
  if (size === undefined)
    return isTrue(value) ? undefined : { expected: `a number ${limits}`, got: String(value) };
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = values.length === size ? values.findIndex((number) => !isTrue(number)) : undefined;
  if (wrong === -1) return undefined;
  const got = wrong === undefined ? `a list of ${values.length}` : `${values[wrong]} at index ${wrong}`;
  return { expected: `a list of ${size} numbers, each ${limits}`, got };
}

function boundsOf({ minimum = -LARGEST_COMPARED, maximum = LARGEST_COMPARED }: NumberOutput) {
  return { minimum, maximum };
}

/** JSON has no negative zero: in memory it would differ from the stored value. */
function withoutSignOfZero(value: number): number {
  return value + 0;
}

/** @throws {RequestError} unless the task has predicted every output that the actual has. */
function predictedOf(task: Task, actual: NumericValues): { version: string; predicted: NumericValues } {
  const { id, modelVersion: version, state, prediction = {}, batch } = task;
  if (!isFinal(task))
    throw new RequestError(
      RequestErrorCode.TaskUnfinished,
      `Task ${id} is ${state}: its actual can be reported once it has succeeded.`,
      { details: { state } },
    );
  if (state !== TaskState.Succeeded)
    throw noPrediction(`Task ${id} is ${state}: there is no prediction to compare with.`, state);
  if (batch !== undefined)
    throw noPrediction(`Task ${id} is a batch of rows: actuals can be reported of single tasks.`, state);
  const outputs = Object.entries(actual);
  const missing = outputs.find(([output, value]) => !isComparable(prediction[output], value));
  if (missing !== undefined)
    throw noPrediction(`Task ${id} has predicted no ${missing[0]} to compare with.`, state);
  return {
    version,
    predicted: Object.fromEntries(outputs.map(([output]) => [output, prediction[output]])) as NumericValues,
  };
}

/** @throws {RequestError} `ACTUAL_CONFLICT` if other values were reported before. */
function sameOrConflict(first: Actual, actual: NumericValues): Actual {
  if (isDeepStrictEqual(first.actual, actual)) return first;
  throw new RequestError(
    RequestErrorCode.ActualConflict,
    `Another actual was reported of task ${first.taskId} before, and the first one stays: outputs that it left out are left out for good.`,
    { details: { reportedAt: new Date(first.reportedAt).toISOString() } },
  );
}

/** The absolute error of each reported output. For a vector it is the mean over its numbers. */
export function absoluteErrorsOf({ predicted, actual }: Actual) {
  return Object.entries(actual).map(([output, value]) => ({
    output,
    absoluteError: errorOf(predicted[output] ?? Number.NaN, value).absolute,
  }));
}

/** @returns false if the work takes longer. @throws the error of the work, unless it takes longer. */
async function isWithin(limitMs: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), limitMs);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function noPrediction(message: string, state: TaskState): RequestError {
  return new RequestError(RequestErrorCode.NoPrediction, message, { details: { state } });
}
