/** The command line of `npm run data`. */
import { HELP_OPTION, parseStrictly, requireSeparator, UsageError } from '../commandLine.ts';
import { gatewayUrl } from '../gatewayUrl.ts';
import { readCount } from '../values.ts';

export const USAGE = `usage: npm run data -- add <name> <file> … --model <name> [--in-folder <folder>] [--url <GraphQL endpoint>]
       npm run data -- list [--model <name>] [--name <name>] [--first <n>] [--url <GraphQL endpoint>]`;

export const HELP = `${USAGE}

add uploads Parquet or CSV files to a running Tidings as a dataset of a model, waits until a trainer has checked it, and
prints the report. Files that are there already are not uploaded again. list prints the datasets, newest first.

  --model      the model that is to be trained on it; its manifest has "training"
  --in-folder  the folder DATASETS_DIR of the trainers, as this machine has it: files below it are registered by their
               path, and not uploaded. Files of more than 1 GiB must lie there.
  --url        default: that of the npm start which uses DATA_DIR (.data), or http://127.0.0.1:4000/graphql; PORT in the
               environment is another port
  --name       only datasets of this name
  --first      the most datasets that are printed, 1 to 100; default 20
  -h, --help   prints this help

A Tidings with a login needs a key or token of an operator in TIDINGS_KEY: others can read command lines, so it is no
option. Exit codes: 0 usable; 1 unusable, or it failed; 2 a wrong command line; 130 stopped by Ctrl-C. What was uploaded
stays there: the same command goes on.`;

const TEXT = { type: 'string' } as const;
const OPTIONS = {
  model: TEXT,
  'in-folder': TEXT,
  url: TEXT,
  name: TEXT,
  first: TEXT,
  help: HELP_OPTION,
} as const;

interface Access {
  readonly url: URL;
  /** An API key or a token. */
  readonly key: string | undefined;
}

export interface AddArguments extends Access {
  readonly command: 'add';
  readonly name: string;
  readonly model: string;
  readonly files: readonly string[];
  readonly inFolder: string | undefined;
}

export interface ListArguments extends Access {
  readonly command: 'list';
  readonly model: string | undefined;
  readonly name: string | undefined;
  readonly first: number;
}

/**
 * @param environment its PORT and DATA_DIR tell the gateway, unless `--url` is given, and its TIDINGS_KEY is the login.
 * @returns undefined if help is asked for.
 * @throws {UsageError} naming the first argument that is wrong.
 */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): AddArguments | ListArguments | undefined {
  const { values, positionals } = parseStrictly(args, OPTIONS);
  if (values.help) return undefined;
  requireSeparator(environment, { command: 'data', usage: 'add <name> <file> …', options: OPTIONS });
  const [command, ...rest] = positionals;
  const access = {
    url: gatewayUrl(values.url, environment),
    key: environment.TIDINGS_KEY || undefined,
  };
  const { model, name: listed, first } = values;
  if (command === 'list') {
    if (rest.length > 0) throw new UsageError(`list takes options alone, got ${rest.join(' ')}`);
    if (values['in-folder'] !== undefined) throw new UsageError('--in-folder is an option of add');
    return { command, ...access, model, name: listed, first: readCount('--first', first ?? '20', 100) };
  }
  if (command !== 'add') throw new UsageError(`expected add or list, got ${command ?? 'none'}`);
  const [name, ...files] = rest;
  if (name === undefined || files.length === 0)
    throw new UsageError(`add needs the name of the dataset and its files, got ${rest.join(' ') || 'none'}`);
  if (model === undefined) throw new UsageError('expected --model <name>');
  if (listed !== undefined || first !== undefined)
    throw new UsageError('--name and --first are options of list');
  return { command, ...access, name, model, files, inFolder: values['in-folder'] };
}
