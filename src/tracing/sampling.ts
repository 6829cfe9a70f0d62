/** Which traces are recorded: the samplers that `OTEL_TRACES_SAMPLER` can name. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { SpanName } from '../contract/trace.ts';
import type { TracesSampler } from '../process/config.ts';

export class Sampling {
  /** Whether the decision of the one that the trace comes from counts. */
  readonly #isParentBased: boolean;
  readonly #root: TraceIdRatioBasedSampler;

  /** @param ratio the share of traces, from 0 to 1, if the sampler is one by ratio. */
  constructor(sampler: TracesSampler, ratio: number) {
    this.#isParentBased = sampler.startsWith('parentbased_');
    const always = sampler.endsWith('always_on') ? 1 : 0;
    this.#root = new TraceIdRatioBasedSampler(sampler.endsWith('traceidratio') ? ratio : always);
  }

  /** Whether a trace that has begun elsewhere is recorded here. */
  records({ isSampled, traceId }: SpanName): boolean {
    return this.#isParentBased ? isSampled : this.recordsNew(traceId);
  }

  /** Whether a trace is recorded that begins here. Each process decides the same of an id. */
  recordsNew(traceId: string): boolean {
    return this.#root.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  }
}
