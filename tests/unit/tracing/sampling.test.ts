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
  expect(sampling.newTrace() !== undefined).toBe(isNewRecorded);
  expect(sampling.recordsAll).toBe(isNewRecorded);
  expect(sampling.recorded(wanted) !== undefined).toBe(follows || isNewRecorded);
  expect(sampling.recorded(unwanted) !== undefined).toBe(!follows && isNewRecorded);
});

test.each(['traceidratio', 'parentbased_traceidratio'] as const)(
  'the sampler %s records about its share of new traces',
  (name) => {
    const sampling = new Sampling(name, 0.1);
    const recorded = Array.from({ length: 10_000 }, () => sampling.newTrace()).filter((trace) => trace);
    expect(recorded.length).toBeGreaterThan(700);
    expect(recorded.length).toBeLessThan(1_300);
  },
);

test('by the id of a trace each process decides the same', () => {
  const [one, other] = [new Sampling('traceidratio', 0.5), new Sampling('traceidratio', 0.5)];
  const traces = Array.from({ length: 100 }, () => newSpan(newTraceId()));
  expect(traces.map((span) => one.recorded(span))).toEqual(traces.map((span) => other.recorded(span)));
});
