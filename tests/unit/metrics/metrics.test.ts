import { expect, test } from 'vitest';
import { merged } from '../../../src/metrics/exposition.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';

test('counters are told by their labels', () => {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: 'tasks_total', help: 'Tasks.', labels: ['model', 'code'] });
  counter.of('churn', 'none').add();
  counter.of('churn', 'none').add(2);
  counter.of('trip', 'a "quoted"\nreason\\').add();
  expect(metrics.text()).toBe(
    [
      '# HELP tasks_total Tasks.',
      '# TYPE tasks_total counter',
      'tasks_total{model="churn",code="none"} 3',
      'tasks_total{model="trip",code="a \\"quoted\\"\\nreason\\\\"} 1',
      '',
    ].join('\n'),
  );
});

test('a histogram counts each value in its bucket and in all larger ones', () => {
  const metrics = new Metrics();
  const histogram = metrics.histogram({ name: 'run_seconds', help: 'Runs.', labels: [], bounds: [0.1, 1] });
  for (const value of [0.05, 0.1, 0.5, 3]) histogram.of().observe(value);
  expect(metrics.text().split('\n').slice(2, -1)).toEqual([
    'run_seconds_bucket{le="0.1"} 2',
    'run_seconds_bucket{le="1"} 3',
    'run_seconds_bucket{le="+Inf"} 4',
    'run_seconds_sum 3.65',
    'run_seconds_count 4',
  ]);
});

test('a gauge is read at each scrape', () => {
  const metrics = new Metrics();
  let open = 1;
  metrics.gauge({ name: 'open_tasks', help: 'Open.', labels: ['model'] }, () => [[['churn'], open]]);
  expect(metrics.text()).toContain('open_tasks{model="churn"} 1\n');
  open = 5;
  expect(metrics.text()).toContain('open_tasks{model="churn"} 5\n');
});

test('series beyond the limit are counted together', () => {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: 'tasks_total', help: 'Tasks.', labels: ['model', 'version'] });
  for (let version = 1; version <= 2_500; version++) counter.of('churn', String(version)).add();
  const lines = metrics.text().split('\n').slice(2, -1);
  expect(lines).toHaveLength(2_001);
  expect(lines.at(-1)).toBe('tasks_total{model="other",version="other"} 500');
});

test('two metrics of one name are refused', () => {
  const metrics = new Metrics();
  metrics.counter({ name: 'tasks_total', help: 'Tasks.', labels: [] });
  expect(() => metrics.gauge({ name: 'tasks_total', help: 'Tasks.', labels: [] }, () => [])).toThrow(
    'there are two metrics tasks_total',
  );
});

test('the metrics of several processes are one text, and each sample names its process', () => {
  const text = (value: number) => {
    const metrics = new Metrics();
    metrics
      .counter({ name: 'tasks_total', help: 'Tasks.', labels: ['model'] })
      .of('churn')
      .add(value);
    metrics.gauge({ name: 'open', help: 'Open.', labels: [] }, () => [[[], value]]);
    return metrics.text();
  };
  const all = new Map([
    ['gateway', text(1)],
    ['worker 1', text(2)],
  ]);
  expect(merged(all)).toBe(
    [
      '# HELP tasks_total Tasks.',
      '# TYPE tasks_total counter',
      'tasks_total{process="gateway",model="churn"} 1',
      'tasks_total{process="worker 1",model="churn"} 2',
      '',
      '# HELP open Open.',
      '# TYPE open gauge',
      'open{process="gateway"} 1',
      'open{process="worker 1"} 2',
      '',
    ].join('\n'),
  );
});
