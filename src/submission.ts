/** From what a client asks for to the job that is stored: validation, the choice of the version, the deadline. */
import { MAX_TIMEOUT_MS } from './config.ts';
import { RequestError, RequestErrorCode } from './errors.ts';
import { validateInput } from './input.ts';
import { defaultVersion, type Model } from './models.ts';
import { type Job, MESSAGE_VERSION } from './protocol.ts';
import { newTaskId } from './task.ts';

export const MIN_TIMEOUT_MS = 100;
export const MAX_REQUEST_ID_LENGTH = 128;

export interface TaskOptions {
  readonly requestId?: string | null | undefined;
  /** Milliseconds. */
  readonly timeoutMs?: number | null | undefined;
  readonly modelVersion?: string | null | undefined;
}

export interface Submission {
  readonly model: Model;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: TaskOptions;
  readonly owner: string;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
}

/** Who makes the job, and when (broker time). */
export interface Origin {
  readonly home: string;
  readonly now: number;
}

/** Of a job that dies again and again, the last ids are kept. */
const MAX_HISTORY = 100;

/** @throws {RequestError} `BAD_USER_INPUT` naming every field that is wrong. */
export function newJob({ model, input, options, owner, trace }: Submission, { home, now }: Origin): Job {
  const { manifest } = model;
  const values = validateInput(manifest, input, now);
  checkOptions(options, model);
  const deadline = now + (options.timeoutMs ?? manifest.limits.timeoutMs);
  return {
    v: MESSAGE_VERSION,
    taskId: newTaskId({ model: manifest.name, home, deadline }),
    model: manifest.name,
    version: options.modelVersion ?? defaultVersion(model).version,
    input: values,
    submittedAt: now,
    deadline,
    owner,
    ...(trace === undefined ? {} : { trace }),
  };
}

/**
 * A dead job as a new one, with the time limit it had and the version it had, if that is still served.
 *
 * @throws {RequestError} `BAD_USER_INPUT`, if the manifest does not allow its input any more.
 */
export function redrivenJob(dead: Job, model: Model, trace: string | undefined, origin: Origin): Job {
  const timeoutMs = Math.min(Math.max(dead.deadline - dead.submittedAt, MIN_TIMEOUT_MS), MAX_TIMEOUT_MS);
  const isServed = model.versions.some(({ version }) => version === dead.version);
  const options = { timeoutMs, modelVersion: isServed ? dead.version : defaultVersion(model).version };
  return {
    ...newJob({ model, input: dead.input, options, owner: dead.owner, trace }, origin),
    history: [...(dead.history ?? []), dead.taskId].slice(-MAX_HISTORY),
  };
}

function checkOptions(
  { requestId, timeoutMs, modelVersion }: TaskOptions,
  { manifest, versions }: Model,
): void {
  if (requestId != null && (requestId.length === 0 || requestId.length > MAX_REQUEST_ID_LENGTH)) {
    throw badOption(
      'requestId',
      `a text of 1 to ${MAX_REQUEST_ID_LENGTH} characters`,
      `${requestId.length} characters`,
    );
  }
  if (timeoutMs != null && (timeoutMs < MIN_TIMEOUT_MS || timeoutMs > MAX_TIMEOUT_MS)) {
    throw badOption('timeoutMs', `from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS} (ms)`, String(timeoutMs));
  }
  if (modelVersion != null && !versions.some(({ version }) => version === modelVersion)) {
    const live = versions.map(({ version }) => version).join(', ');
    throw badOption(
      'modelVersion',
      `a live version of ${manifest.name} (${live})`,
      JSON.stringify(modelVersion.slice(0, 40)),
    );
  }
}

function badOption(field: string, expected: string, got: string): RequestError {
  return new RequestError(RequestErrorCode.BadUserInput, `${field} must be ${expected}, got ${got}`, {
    details: { field, expected, value: got },
  });
}
