/**
 * Makes spans of what is over. Names of spans are given before, since others refer to them: jobs carry them to workers.
 * So no tracer is needed, which would start a span before it is known whether there is anything to tell.
 */
import { type Attributes, type SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace';
import type { SpanName } from '../contract/trace.ts';
import type { Exporting } from './exporting.ts';

export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly span: SpanName;
  /** Undefined: the trace begins with it. */
  readonly parent: SpanName | undefined;
  /** Milliseconds since the epoch, broker time. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  /** Spans of other traces that it belongs to. */
  readonly links?: readonly SpanName[];
  /** Why it failed, if it did. */
  readonly errorCode?: string | undefined;
}

const SCOPE = { name: 'tidings' };
const ids = new RandomIdGenerator();

export function newTraceId(): string {
  return ids.generateTraceId();
}

/** A new span of a trace. */
export function newSpan(traceId: string): SpanName {
  return { traceId, spanId: ids.generateSpanId(), isSampled: true };
}

export function recordSpan(ended: EndedSpan, exporting: Exporting): void {
  const { name, kind, span, parent, startedAt, attributes, links = [], errorCode } = ended;
  // Clocks are estimated: a span must not end before it starts.
  const endedAt = Math.max(startedAt, ended.endedAt);
  const context = contextOf(span);
  exporting.export({
    name,
    kind,
    spanContext: () => context,
    ...(parent && { parentSpanContext: { ...contextOf(parent), isRemote: true } }),
    startTime: millisToHrTime(startedAt),
    endTime: millisToHrTime(endedAt),
    duration: millisToHrTime(endedAt - startedAt),
    ended: true,
    status: { code: errorCode === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: errorCode === undefined ? attributes : { ...attributes, 'error.type': errorCode },
    links: links.map((link) => ({ context: contextOf(link) })),
    events: [],
    resource: exporting.resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  });
}

function contextOf({ traceId, spanId }: SpanName) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}
