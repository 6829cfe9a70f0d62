/** A real Prometheus reads a whole system: its metrics, the rules and dashboards of deploy/, and docs/metrics.md. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { post, submitTrip } from '../../support/client.ts';
import { headingsIn, readDocument } from '../../support/documents.ts';
import { eventually } from '../../support/eventually.ts';
import { type StartedSystem, startSystem } from '../../support/npmStart.ts';
import { tripNumber } from '../../support/predictDirectly.ts';
import {
  findPrometheus,
  type Prometheus,
  promtool,
  RULES,
  startPrometheus,
} from '../../support/prometheus.ts';

const ROOT = join(import.meta.dirname, '../../..');
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0';
const PREDICT_CHURN = 'mutation ($input: PredictChurnInput!) { predictChurn(input: $input) { id } }';
const { example } = JSON.parse(readFileSync(join(ROOT, 'models/churn/model.json'), 'utf8'));
/** The labels that all samples may have. */
const COMMON = ['process', 'le'];

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly query: string }[] };
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

const program = findPrometheus();
const rules = (
  parse(readFileSync(RULES, 'utf8')).groups as readonly { readonly rules: readonly Rule[] }[]
).flatMap((group) => group.rules);
const dashboards = globSync('deploy/grafana/dashboards/*.json', { cwd: ROOT }).map(
  (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Dashboard,
);

describe.skipIf(program === undefined)('with Prometheus', () => {
  let system: StartedSystem;
  let metricsUrl: string;
  let prometheus: Prometheus;

  beforeAll(async () => {
    // No worker serves trip-duration.
    system = await startSystem({
      MODELS_DIR: join(ROOT, 'models'),
      WORKER_MODELS: 'churn',
      TRAINERS: '1',
      METRICS_PORT: '0',
    });
    metricsUrl = String((await system.log.find({ msg: 'metrics can be read' })).url);
    await system.log.find({ msg: 'trainer is ready' });
    prometheus = await startPrometheus(program ?? '', metricsUrl);
    await post(await system.url(), PREDICT_CHURN, { input: example });
    await eventually(
      () => prometheus.query('tidings_tasks_ended_total{model="churn", state="SUCCEEDED"}'),
      (samples) => samples.length === 1,
    );
  });

  afterAll(async () => {
    for (const started of [prometheus, system]) await started?.[Symbol.asyncDispose]();
  });

  /** Type by name, as both formats have them. */
  async function families(): Promise<ReadonlyMap<string, string>> {
    const text = await (await fetch(metricsUrl)).text();
    return new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    );
  }

  test('the names of the metrics are as Prometheus wants them', async () => {
    const text = await (await fetch(metricsUrl)).text();
    expect(await promtool(['check', 'metrics'], text)).toEqual({ code: 0, output: '' });
  });

  test('Prometheus reads all processes as OpenMetrics', async () => {
    const [up] = await prometheus.query('up{job="tidings"}');
    expect(up?.value[1]).toBe('1');
    const response = await fetch(metricsUrl, { headers: { accept: OPEN_METRICS } });
    expect(response.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    const roles = await prometheus.query('tidings_build_info');
    expect(roles.map(({ metric }) => metric.process).toSorted()).toEqual(['gateway', 'trainer', 'worker']);
  });

  test('docs/metrics.md lists the metrics that a system has, with their types and labels', async () => {
    const rows = [
      ...readDocument('docs/metrics.md').matchAll(
        /^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \|([^|]*)\| [^|]+ \|$/gm,
      ),
    ];
    const documented = new Map(rows.map(([, name = '', type = '']) => [name, type]));
    expect(documented).toEqual(await families());
    const labels = new Map(rows.map(([, name = '', , list = '']) => [name, list.match(/\w+/g) ?? []]));
    const text = await (await fetch(metricsUrl)).text();
    for (const [, name = '', list = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
      const shown = [...list.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
      const own = labels.get(name) ?? labels.get(name.replace(/_(bucket|sum|count)$/, ''));
      expect([name, shown.filter((label) => !COMMON.includes(label))]).toEqual([name, own]);
    }
  });

  test('promtool accepts the rules and the scrape configuration, and each alert fires as it should', async () => {
    const folder = join(ROOT, 'deploy/prometheus');
    for (const args of [
      ['check', 'rules', join(folder, 'rules.yml')],
      ['check', 'config', join(folder, 'prometheus.yml')],
      ['test', 'rules', join(folder, 'rules.test.yml')],
    ])
      expect(await promtool(args)).toMatchObject({ code: 0 });
    const tested = parse(readFileSync(join(folder, 'rules.test.yml'), 'utf8')).tests as readonly {
      name: string;
    }[];
    expect(tested.map(({ name }) => name).toSorted()).toEqual(
      rules.flatMap(({ alert }) => alert ?? []).toSorted(),
    );
  });

  test('each alert leads to a heading that says what to do', () => {
    const headings = headingsIn(readDocument('docs/metrics.md'));
    for (const { alert, annotations } of rules) {
      if (alert === undefined) continue;
      expect(annotations).toMatchObject({ summary: expect.any(String), description: expect.any(String) });
      expect(annotations?.runbook_url).toBe(
        `{{ $externalLabels.runbook_base }}docs/metrics.md#${alert.toLowerCase()}`,
      );
      expect([...headings.keys()]).toContain(alert.toLowerCase());
    }
  });

  test('each query of the rules and of the dashboards names metrics that exist, and Prometheus evaluates it', async () => {
    const existing = await families();
    const recorded = rules.flatMap(({ record }) => record ?? []);
    const shown = dashboards.flatMap(({ panels }) =>
      panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    );
    const queries = [...rules.map(({ expr }) => expr), ...shown].map((query) =>
      query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:job|instance|model)\b/g, '.*'),
    );
    const variables = dashboards.flatMap(({ templating }) => templating.list.map(({ query }) => query));
    expect(queries.length).toBeGreaterThan(40);
    for (const query of [...queries, ...variables]) {
      const names = query.match(/\b(?:tidings|process|nodejs)_\w+/g) ?? [];
      const unknown = names.filter(
        (name) => !existing.has(name) && !existing.has(name.replace(/_(bucket|sum|count)$/, '')),
      );
      expect([query, unknown]).toEqual([query, []]);
    }
    for (const query of [...queries, ...recorded])
      expect(await prometheus.query(query)).toBeInstanceOf(Array);
  });

  test('an alert fires when tasks wait for a model that no worker serves', async () => {
    await submitTrip(await system.url(), tripNumber(1));
    const firing = await eventually(
      () => prometheus.query('ALERTS{alertname="TidingsNoWorker", alertstate="firing"}'),
      (samples) => samples.length > 0,
    );
    expect(firing).toMatchObject([{ metric: { model: 'trip-duration', severity: 'critical' } }]);
  });
});
