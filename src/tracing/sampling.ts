/** Which traces are recorded: the samplers that `OTEL_TRACES_SAMPLER` can name. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { SpanName } from '../contract/trace.ts';
import type { TracesSampler } from '../process/config.ts';
import { newTraceId } from './spans.ts';

export class Sampling {
  /** Whether the decision of the one that the trace comes from counts. */
  readonly #isParentBased: boolean;
  readonly #ratio: number;
  readonly #byId: TraceIdRatioBasedSampler;

  /** @param ratio the share of traces, from 0 to 1, if the sampler is one by ratio. */
  constructor(sampler: TracesSampler, ratio: number) {
    this.#isParentBased = sampler.startsWith('parentbased_');
    const always = sampler.endsWith('always_on') ? 1 : 0;
    this.#ratio = sampler.endsWith('traceidratio') ? ratio : always;
    this.#byId = new TraceIdRatioBasedSampler(this.#ratio);
  }

  /** Whether every trace is recorded that begins here. */
  get recordsAll(): boolean {
    return this.#ratio === 1;
  }

  /** @returns the id of a trace that has begun elsewhere, if it is recorded here. */
  recorded({ isSampled, traceId }: SpanName): string | undefined {
    const isRecorded = this.#isParentBased ? isSampled : this.#recordsId(traceId);
    return isRecorded ? traceId : undefined;
  }

  /** @returns the id of a trace that begins here, if it is to be recorded. */
  newTrace(): string | undefined {
    // Others go by the decision, so it needs no id. To make an id and to decide by it would cost every operation 0.7 µs.
    if (this.#isParentBased) return Math.random() < this.#ratio ? newTraceId() : undefined;
    const traceId = newTraceId();
    return this.#recordsId(traceId) ? traceId : undefined;
  }

  /** Each process decides the same of an id. */
  #recordsId(traceId: string): boolean {
    return this.#byId.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  }
}
