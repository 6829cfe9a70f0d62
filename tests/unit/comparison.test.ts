/** The figures of two versions that have answered the same tasks. */
import { describe, expect, test } from 'vitest';
import { decodeGatewayComparisons, type GatewayComparisons } from '../../src/contract/messages/shadow.ts';
import type { Values } from '../../src/contract/values.ts';
import { Comparison, Comparisons, Durations } from '../../src/evaluation/comparison.ts';
import { bytesOf } from '../support/brokenMessages.ts';
import { seededRandom } from '../support/random.ts';

const VERSIONS = { version: '1', shadowVersion: '2' };

function answer(prediction: Values, latencyMs = 2, computeMs = 1) {
  return { prediction, latencyMs, computeMs };
}

describe('the differences of an output', () => {
  test('are those of its numbers, shadow minus counted', () => {
    const comparison = new Comparison(VERSIONS);
    for (const [counted, shadow] of [
      [1, 4],
      [5, 4],
      [7, 7],
    ] as const)
      comparison.add(answer({ x: counted }), answer({ x: shadow }));
    expect(comparison.outputs.get('x')).toEqual({
      count: 3,
      different: 2,
      measured: 3,
      sum: 2,
      absoluteSum: 4,
      largest: 3,
    });
  });

  test('of lists are means over their numbers, the largest over all', () => {
    const comparison = new Comparison(VERSIONS);
    comparison.add(answer({ x: [1, 2, 3, 4] }), answer({ x: [1, 4, 3, 0] }));
    expect(comparison.outputs.get('x')).toMatchObject({ sum: -0.5, absoluteSum: 1.5, largest: 4 });
  });

  test.each([
    ['texts', 'a', 'b', 1],
    ['the same texts', 'a', 'a', 0],
    ['booleans', true, false, 1],
    ['lists of two lengths', [1, 2], [1], 1],
  ])('of %s are only counted', (_what, counted, shadow, different) => {
    const comparison = new Comparison(VERSIONS);
    comparison.add(answer({ x: counted }), answer({ x: shadow }));
    expect(comparison.outputs.get('x')).toMatchObject({ count: 1, different, measured: 0, largest: 0 });
  });
});

test('durations give their mean, and quantiles within 2.5 %', () => {
  const random = () => numbers.number(1e6) / 1e6;
  const numbers = seededRandom(1);
  const durations = new Durations();
  const all = Array.from({ length: 5_000 }, () => 0.01 * 10 ** (6 * random()));
  for (const ms of all) durations.add(ms);
  expect(durations.meanMs).toBeCloseTo(all.reduce((sum, ms) => sum + ms, 0) / all.length, 6);
  const sorted = all.toSorted((a, b) => a - b);
  for (const share of [0.01, 0.5, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(share * all.length) - 1] ?? 0;
    expect(Math.abs(durations.quantileMs(share) / exact - 1)).toBeLessThan(0.025);
  }
  expect(new Durations()).toMatchObject({ meanMs: 0 });
  expect(new Durations().quantileMs(0.95)).toBe(0);
});

test('figures are the same however the tasks fall to gateways, and survive being told', () => {
  const random = () => numbers.number(1e6) / 1e6;
  const numbers = seededRandom(2);
  const [alone, first, second] = [new Comparisons(), new Comparisons(), new Comparisons()];
  for (let i = 0; i < 1_000; i++) {
    const version = random() < 0.5 ? '1' : '3';
    const counted = answer({ x: random(), label: 'a' }, random() * 10, random());
    const shadow = answer({ x: random(), label: random() < 0.1 ? 'b' : 'a' }, random() * 20, random());
    for (const comparisons of [alone, random() < 0.3 ? first : second]) {
      const comparison = comparisons.of(version, '2');
      comparison.sent += 2;
      comparison.failed++;
      comparison.add(counted, shadow);
    }
  }
  const told = [first, second].map((comparisons, i) => {
    const message: GatewayComparisons = {
      home: `home-${i}`,
      since: 0,
      comparisons: comparisons.list().map((comparison) => comparison.toJSON()),
    };
    return decodeGatewayComparisons(bytesOf(message));
  });
  const together = new Comparisons();
  for (const { comparisons } of told) together.include(comparisons);
  expect(together.list().map(({ version }) => version)).toEqual(['1', '3']);
  for (const [i, whole] of alone.list().entries()) {
    const sum = together.list()[i];
    expect(sum).toMatchObject({ sent: whole.sent, compared: whole.compared, failed: whole.failed });
    for (const name of ['latency', 'compute', 'shadowLatency', 'shadowCompute'] as const) {
      expect(sum?.[name].meanMs).toBeCloseTo(whole[name].meanMs, 9);
      expect(sum?.[name].quantileMs(0.95)).toBe(whole[name].quantileMs(0.95));
    }
    for (const [output, { count, different, absoluteSum, largest }] of whole.outputs) {
      const differences = sum?.outputs.get(output);
      expect(differences).toMatchObject({ count, different, largest });
      expect(differences?.absoluteSum).toBeCloseTo(absoluteSum, 9);
    }
  }
});
