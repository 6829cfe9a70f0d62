/**
 * The text that a scraper reads, in Prometheus' format (version 0.0.4), which everything that scrapes can read; and the
 * merging of the texts of several processes into one.
 */

export interface Sample {
  readonly name: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

/** A family with its samples of now. */
export interface Exposed {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function textOf(families: readonly Exposed[]): string {
  return families
    .map(({ name, help, type, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${name} ${type}`,
        ...samples.map(lineOf),
        '',
      ].join('\n'),
    )
    .join('');
}

/**
 * The metrics of several processes as one text. Each sample gets a label that names its process.
 *
 * @param texts by the name of the process.
 */
export function merged(texts: ReadonlyMap<string, string>): string {
  const families = new Map<string, { readonly head: string[]; readonly lines: string[] }>();
  for (const [process, text] of texts) {
    let family: { readonly head: string[]; readonly lines: string[] } | undefined;
    for (const line of text.split('\n')) {
      const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (name !== undefined) {
        family = families.get(name) ?? { head: [], lines: [] };
        families.set(name, family);
        if (!family.head.includes(line) && family.head.length < 2) family.head.push(line);
      } else if (line !== '') family?.lines.push(withLabel(line, `process="${escaped(process)}"`));
    }
  }
  return [...families.values()].flatMap(({ head, lines }) => [...head, ...lines, '']).join('\n');
}

function lineOf({ name, labels, value }: Sample): string {
  const list = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(',');
  return `${name}${list === '' ? '' : `{${list}}`} ${numberOf(value)}`;
}

/** The first brace or space of a line ends the name: labels come after it. */
function withLabel(line: string, label: string): string {
  const end = line.search(/[{ ]/);
  return line[end] === '{'
    ? `${line.slice(0, end + 1)}${label},${line.slice(end + 1)}`
    : `${line.slice(0, end)}{${label}}${line.slice(end)}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
