import { expect, test } from 'vitest';
import { exposition, merged } from '../../../src/metrics/exposition.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0';

async function linesOf(metrics: Metrics, accept?: string): Promise<readonly string[]> {
  return exposition(await metrics.read(), accept)
    .body.split('\n')
    .slice(0, -1);
}

test('counters are told by their labels', async () => {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: 'tasks_total', help: 'Tasks.', labels: ['model', 'code'] });
  counter.of('churn', 'none').add();
  counter.of('churn', 'none').add(2);
  counter.of('trip', 'a "quoted"\nreason\\').add();
  expect(await linesOf(metrics)).toEqual([
    '# HELP tasks_total Tasks.',
    '# TYPE tasks_total counter',
    'tasks_total{model="churn",code="none"} 3',
    'tasks_total{model="trip",code="a \\"quoted\\"\\nreason\\\\"} 1',
  ]);
});

test('a histogram counts each value in its bucket and in all larger ones', async () => {
  const metrics = new Metrics();
  const histogram = metrics.histogram({ name: 'run_seconds', help: 'Runs.', labels: [], bounds: [0.1, 1] });
  for (const value of [0.05, 0.1, 0.5, 3]) histogram.of().observe(value);
  expect((await linesOf(metrics)).slice(2)).toEqual([
    'run_seconds_bucket{le="0.1"} 2',
    'run_seconds_bucket{le="1.0"} 3',
    'run_seconds_bucket{le="+Inf"} 4',
    'run_seconds_sum 3.65',
    'run_seconds_count 4',
  ]);
});

test('a gauge is read at each scrape', async () => {
  const metrics = new Metrics();
  let open = 1;
  metrics.gauge({ name: 'open_tasks', help: 'Open.', labels: ['model'] }, () => [[['churn'], open]]);
  expect(await linesOf(metrics)).toContain('open_tasks{model="churn"} 1');
  open = 5;
  expect(await linesOf(metrics)).toContain('open_tasks{model="churn"} 5');
});

test('series beyond the limit are counted together', async () => {
  const metrics = new Metrics();
  const counter = metrics.counter({ name: 'tasks_total', help: 'Tasks.', labels: ['model', 'version'] });
  for (let version = 1; version <= 2_400; version++) counter.of('churn', String(version)).add();
  for (let model = 1; model <= 100; model++) counter.of(`model-${model}`, '1').add();
  const lines = (await linesOf(metrics)).slice(2);
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

test('a scraper that asks for OpenMetrics gets it, with units and an end', async () => {
  const metrics = new Metrics();
  metrics.counter({ name: 'cpu_seconds_total', help: 'CPU "time".', labels: [] }).of().add(2);
  metrics.gauge({ name: 'open', help: 'Open.', labels: [] }, () => [[[], 1]]);
  expect(await linesOf(metrics, OPEN_METRICS)).toEqual([
    '# TYPE cpu_seconds counter',
    '# UNIT cpu_seconds seconds',
    '# HELP cpu_seconds CPU \\"time\\".',
    'cpu_seconds_total 2',
    '# TYPE open gauge',
    '# HELP open Open.',
    'open 1',
    '# EOF',
  ]);
});

test.each([
  [undefined, 'text/plain; version=0.0.4; charset=utf-8'],
  ['*/*', 'text/plain; version=0.0.4; charset=utf-8'],
  ['text/plain;version=0.0.4', 'text/plain; version=0.0.4; charset=utf-8'],
  ['application/openmetrics-text', 'application/openmetrics-text; version=1.0.0; charset=utf-8'],
  ['application/openmetrics-text;q=0', 'text/plain; version=0.0.4; charset=utf-8'],
  ['text/plain,application/openmetrics-text;q=0.5', 'text/plain; version=0.0.4; charset=utf-8'],
  // As Prometheus 2.42 asks.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  ],
])('asked with Accept: %s, the metrics are %s', (accept, contentType) => {
  expect(exposition([], accept).contentType).toBe(contentType);
});

test('the metrics of several processes are one text, and each sample names its process', async () => {
  const read = (value: number) => {
    const metrics = new Metrics();
    metrics
      .counter({ name: 'tasks_total', help: 'Tasks.', labels: ['model'] })
      .of('churn')
      .add(value);
    metrics.gauge({ name: 'open', help: 'Open.', labels: [] }, () => [[[], value]]);
    return metrics.read();
  };
  const all = merged([
    ['gateway', await read(1)],
    ['worker 1', await read(2)],
  ]);
  expect(exposition(all, undefined).body.split('\n').slice(0, -1)).toEqual([
    '# HELP tasks_total Tasks.',
    '# TYPE tasks_total counter',
    'tasks_total{process="gateway",model="churn"} 1',
    'tasks_total{process="worker 1",model="churn"} 2',
    '# HELP open Open.',
    '# TYPE open gauge',
    'open{process="gateway"} 1',
    'open{process="worker 1"} 2',
  ]);
});

test('a gauge that cannot be read now has no sample, and the others are read', async () => {
  const metrics = new Metrics();
  metrics.gauge({ name: 'waiting_jobs', help: 'Waiting.', labels: [] }, async () => {
    throw new Error('the broker does not answer');
  });
  metrics.gauge({ name: 'open', help: 'Open.', labels: [] }, () => [[[], 1]]);
  expect(await linesOf(metrics)).toEqual([
    '# HELP waiting_jobs Waiting.',
    '# TYPE waiting_jobs gauge',
    '# HELP open Open.',
    '# TYPE open gauge',
    'open 1',
  ]);
});
