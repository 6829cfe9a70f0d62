/** W3C Trace Context: which trace a request, a job or an end belongs to. https://www.w3.org/TR/trace-context/ */

/** A span, as others name it that belong to it. */
export interface SpanName {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether spans that belong to it are to be recorded. */
  readonly isSampled: boolean;
}

/** The trace that a request belongs to. */
export interface RequestTrace {
  /** Of the request itself. Work has it: its acceptance has no span of its own. */
  readonly traceparent: string;
  /** @returns the `traceparent` for the job of a task that the request submits now. */
  forTask(): string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** A version that no sender may use. */
const INVALID_VERSION = 'ff';
const NO_ID = /^0+$/;
const SAMPLED = 1;
/** A later version may add parts to the four that we know. It is kept, so it must not be long. */
const LONGEST = 100;

/** @returns undefined if it is no valid `traceparent`: then a request counts as one without a trace. */
export function parseTraceparent(value: unknown): SpanName | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || version === INVALID_VERSION) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (NO_ID.test(traceId) || NO_ID.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

export function traceparentOf({ traceId, spanId, isSampled }: SpanName): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The trace that a client has named, passed on as it is. */
export function passedOn(traceparent: string): RequestTrace {
  return { traceparent, forTask: () => traceparent };
}

/** What a line of the log has of a task. */
export interface TaskFields {
  readonly taskId: string;
  /** The id of its trace, if it has one. */
  readonly trace?: string;
}

/** @param traceparent of the task's job. */
export function taskFields(taskId: string, traceparent: string | undefined): TaskFields {
  const traceId = traceparent === undefined ? undefined : parseTraceparent(traceparent)?.traceId;
  return traceId === undefined ? { taskId } : { taskId, trace: traceId };
}
