/**
 * The text that a scraper reads: OpenMetrics 1.0 if it asks for that, otherwise Prometheus' format 0.0.4, which everything
 * that scrapes can read. Both name the same series.
 */

export interface Sample {
  /** Its name and its labels, as both formats write them. */
  readonly series: string;
  readonly value: number;
}

/** A family with its samples of now. It can be sent to another process as JSON. */
export interface Exposed {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
/** OpenMetrics knows other units, too, but these are the base units that are used here. */
const UNIT = /_(seconds|bytes|ratio)$/;
const TOTAL = /_total$/;
const SPECIAL = /[\\"\n]/;

/** @param accept the request's header of this name. */
export function exposition(families: readonly Exposed[], accept: string | undefined): Exposition {
  return wantsOpenMetrics(accept)
    ? { contentType: OPEN_METRICS, body: `${families.map(openMetricsOf).join('')}# EOF\n` }
    : { contentType: TEXT, body: families.map(textOf).join('') };
}

/** The metrics of several processes in one. Each sample gets a label that names its process. */
export function merged(
  processes: Iterable<readonly [process: string, families: readonly Exposed[]]>,
): readonly Exposed[] {
  const all = new Map<string, Exposed & { readonly samples: Sample[] }>();
  for (const [process, families] of processes) {
    for (const family of families) {
      const { samples } = all.getOrInsertComputed(family.name, () => ({ ...family, samples: [] }));
      for (const { series, value } of family.samples)
        samples.push({ series: withLabel(series, `process="${escaped(process)}"`), value });
    }
  }
  return [...all.values()];
}

/** @returns the labels of a series, as both formats write them. */
export function labelsOf(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escaped(values[i] ?? '')}"`).join(',');
}

/** @param labels as `labelsOf` writes them. */
export function seriesOf(name: string, labels: string): string {
  return labels === '' ? name : `${name}{${labels}}`;
}

/** Puts a label before the others. */
function withLabel(series: string, label: string): string {
  const at = series.indexOf('{');
  return at < 0 ? seriesOf(series, label) : `${series.slice(0, at)}{${label},${series.slice(at + 1)}`;
}

/** Whether OpenMetrics is wanted at least as much as plain text. */
function wantsOpenMetrics(accept = ''): boolean {
  const weights = new Map(
    accept.split(',').map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const [, q = '1'] = /^q=(.*)$/.exec(parameters.find((each) => each.startsWith('q=')) ?? '') ?? [];
      return [type, Number(q) || 0];
    }),
  );
  const open = weights.get('application/openmetrics-text') ?? 0;
  return open > 0 && open >= (weights.get('text/plain') ?? 0);
}

function textOf({ name, help, type, samples }: Exposed): string {
  return [
    `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(lineOf),
    '',
  ].join('\n');
}

/** A counter is named without `_total` here, which its samples have. */
function openMetricsOf({ name: full, help, type, samples }: Exposed): string {
  const name = type === 'counter' ? full.replace(TOTAL, '') : full;
  const [, unit] = UNIT.exec(name) ?? [];
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(lineOf),
    '',
  ].join('\n');
}

function lineOf({ series, value }: Sample): string {
  return `${series} ${value}`;
}

function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
