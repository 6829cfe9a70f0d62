/** The command line of `npm run score`. */

import { DateFormat, readDateFormat } from '../../data/timeFormat.ts';
import { parseStrictly, requireSeparator, UsageError } from '../commandLine.ts';
import { gatewayUrl } from '../gatewayUrl.ts';
import { readCount } from '../values.ts';

export const USAGE = `usage: npm run score -- --model <name> <in.parquet|in.csv> <out.parquet|out.csv>
         [--url <GraphQL endpoint>] [--map <input>=<column> …] [--date-format [<input>=]<format> …]
         [--delimiter <character>] [--model-version <n>] [--rows <n>] [--calls <n>] [--overwrite]`;

export const HELP = `${USAGE}

Scores each row of a file with a model of a running Tidings. The output has the columns of the input, those of the
predictions, and error: why a row has no prediction. A CSV is UTF-8, may be compressed by gzip, and begins with a line
of column names; its cells are kept as they are. Numbers have a decimal point (1.44), and nothing between thousands.

  --url            default: that of the npm start which uses DATA_DIR (.data), or http://127.0.0.1:4000/graphql; PORT in
                   the environment is another port
  --map            the column of an input; default: the column with the input's name in GraphQL, or with the name of its
                   tensor. May be repeated.
  --date-format    how dates in texts are written, if the rows do not show it: dd/mm/yyyy, mm/dd/yyyy or yyyy-mm-dd, for
                   one input (pickupAt=dd/mm/yyyy) or for all. Their separators may be / - or .
  --delimiter      the character between the cells of a CSV, read or written, or tab; default ,
  --model-version  the version to score with; default: the one that answers all tasks of the model at the start
  --rows           rows in one call, 1 to 10000; default 2000, or 16 with pictures or sounds
  --calls          calls at a time, 1 to 64; default 4
  --overwrite      replaces an output that exists

A Tidings with a login needs a key or token in TIDINGS_KEY: others can read command lines, so it is no option.
If the name of a file begins with a dash, write it with its folder: ./-trips.csv
Ctrl-C stops it; the same command goes on from there.`;

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  model: TEXT,
  url: TEXT,
  map: { type: 'string', multiple: true },
  'date-format': { type: 'string', multiple: true },
  delimiter: TEXT,
  'model-version': TEXT,
  rows: TEXT,
  calls: TEXT,
  overwrite: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export interface ScoreArguments {
  readonly model: string;
  readonly input: string;
  readonly out: string;
  readonly url: URL;
  /** An API key or a token. */
  readonly key: string | undefined;
  /** The columns that the command line names, by input. */
  readonly named: ReadonlyMap<string, string>;
  /** The formats that the command line names, by input; `''` stands for all inputs. */
  readonly dateFormats: ReadonlyMap<string, DateFormat>;
  /** One character. */
  readonly delimiter: string;
  readonly modelVersion: string | undefined;
  /** @default `scoreFile.ts` decides */
  readonly rowsPerCall: number | undefined;
  readonly calls: number;
  readonly overwrite: boolean;
}

/**
 * @param environment its PORT and DATA_DIR tell the gateway, unless `--url` is given, and its TIDINGS_KEY is the login.
 * @returns undefined if help is asked for.
 * @throws {UsageError} naming the first argument that is wrong.
 */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ScoreArguments | undefined {
  const { values, positionals } = parseStrictly(args, OPTIONS);
  if (values.help) return undefined;
  requireSeparator(environment, { command: 'score', usage: '--model <name> …', options: OPTIONS });
  const [input, out, ...others] = positionals;
  if (input === undefined || out === undefined || others.length > 0)
    throw new UsageError(`expected a file to score and one to write, got ${positionals.join(' ') || 'none'}`);
  if (values.model === undefined) throw new UsageError('expected --model <name>');
  return {
    model: values.model,
    input,
    out,
    url: gatewayUrl(values.url, environment),
    key: environment.TIDINGS_KEY || undefined,
    named: readPairs(values.map ?? []),
    dateFormats: readDateFormats(values['date-format'] ?? []),
    delimiter: readDelimiter(values.delimiter ?? ','),
    modelVersion: values['model-version'],
    rowsPerCall: values.rows === undefined ? undefined : readCount('--rows', values.rows, 10_000),
    calls: readCount('--calls', values.calls ?? '4', 64),
    overwrite: values.overwrite ?? false,
  };
}

function readPairs(texts: readonly string[]): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--map must be input=column, got ${text}`);
    const input = text.slice(0, at);
    if (columns.has(input))
      throw new UsageError(`--map must name each input once, got ${input}=${columns.get(input)} and ${text}`);
    columns.set(input, text.slice(at + 1));
  }
  return columns;
}

function readDateFormats(texts: readonly string[]): ReadonlyMap<string, DateFormat> {
  const formats = new Map<string, DateFormat>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const input = text.slice(0, Math.max(0, at));
    const format = readDateFormat(text.slice(at + 1));
    if (format === undefined) {
      const known = Object.values(DateFormat).join(', ');
      throw new UsageError(`--date-format must be one of ${known}, or input=format, got ${text}`);
    }
    if (formats.has(input))
      throw new UsageError(`--date-format must name each input once, got ${text} again`);
    formats.set(input, format);
  }
  return formats;
}

function readDelimiter(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text;
  if (/^[\t -~]$/.test(delimiter) && !/["\w]/.test(delimiter)) return delimiter;
  throw new UsageError(`--delimiter must be one character such as ; or |, or tab, got ${text || 'none'}`);
}
