import { expect, test } from 'vitest';
import { Sampling } from '../../../src/tracing/sampling.ts';
import { newSpan, newTraceId } from '../../../src/tracing/spans.ts';

const wanted = newSpan(newTraceId());
const unwanted = { ...wanted, isSampled: false };

test.each([
  ['parentbased_traceidratio', { isNewRecorded: false, follows: true }],
  ['parentbased_always_on', { isNewRecorded: true, follows: true }],
  ['parentbased_always_off', { isNewRecorded: false, follows: true }],
  ['traceidratio', { isNewRecorded: false, follows: false }],
  ['always_on', { isNewRecorded: true, follows: false }],
] as const)('the sampler %s decides as OpenTelemetry says', (sampler, { isNewRecorded, follows }) => {
  const sampling = new Sampling(sampler, 0);
  expect(sampling.recordsNew(newTraceId())).toBe(isNewRecorded);
  expect(sampling.records(wanted)).toBe(follows || isNewRecorded);
  expect(sampling.records(unwanted)).toBe(!follows && isNewRecorded);
});

test('a sampler by ratio records about that share, and each process the same traces', () => {
  const [one, other] = [new Sampling('traceidratio', 0.1), new Sampling('parentbased_traceidratio', 0.1)];
  const traces = Array.from({ length: 10_000 }, newTraceId);
  const recorded = traces.filter((trace) => one.recordsNew(trace));
  expect(recorded.length).toBeGreaterThan(700);
  expect(recorded.length).toBeLessThan(1_300);
  expect(traces.filter((trace) => other.recordsNew(trace))).toEqual(recorded);
});
