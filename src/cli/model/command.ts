/** What `npm run model` does with its arguments. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, type ParseArgsOptionsConfig } from 'node:util';
import { sessionLimit } from '../../../workers/runtimes/memoryLimit.ts';
import { LoadRefused, RunTimedOut, SessionCrashed } from '../../../workers/runtimes/sessionProcess.ts';
import { ConfigurationError, RequestError } from '../../contract/errors.ts';
import { missingVersionProblem } from '../../models/catalog.ts';
import { isVersionName, versionsIn } from '../../models/folders.ts';
import { MAX_RUN_ROWS, type Manifest } from '../../models/manifest.ts';
import { exampleProblem } from '../../models/manifestCheck.ts';
import { missingRecipe } from '../../models/trainingProblem.ts';
import { type Config, readConfig } from '../../process/config.ts';
import { logFatal } from '../../process/log.ts';
import { PythonError } from '../../process/pythonEnvironment.ts';
import { CannotRegister } from '../../registry/register.ts';
import { parseStrictly, UsageError } from '../commandLine.ts';
import { addModel } from './add.ts';
import { addCode, isFolder } from './addCode.ts';
import { addedReport } from './addedReport.ts';
import { checkVersion, type VersionReport } from './check.ts';
import { readExamples } from './exampleRows.ts';
import { ModelFileError } from './modelFileError.ts';
import { modelsIn, readManifest, readManifestWithAnyExample } from './modelFolder.ts';
import { namesProblem } from './namesProblem.ts';
import { listRegistry, openRegistry, pull, push, retire } from './registry.ts';
import { renewedReport } from './renewedReport.ts';
import { renewGolden } from './renewGolden.ts';
import { findSource, holdsOnnx } from './sourceFile.ts';
import { formatReports, formatTable, warningNotes } from './tables.ts';
import { LOADING } from './versionDraft.ts';
import { gatherWheels } from './wheels.ts';

const NAME_RULE = 'lower-case letters, digits and hyphens, a letter first, 63 at most';
const MUTATION_RULE = 'letters and digits, a lower-case letter first, 63 at most';

const USAGE = `usage: npm run model -- add <file.onnx, folder or URL> --name <name> [--mutation <field>] [--version <n>]
                            [--example <row> …] [--leave-out <output> …] [--max-batch-size <n>]
       npm run model -- add <folder> --name <name> [--runtime python|node|command] [--entry <file>:<class>] …
       npm run model -- golden <name>[/<version>] [--example <row> …]
       npm run model -- check <name>[/<version>]
       npm run model -- list [--registry]
       npm run model -- wheels <name>
       npm run model -- push|pull|retire <name> <version>`;

const HELP = `${USAGE}

add    makes a model from an ONNX file, with a manifest made from trial runs of the file. If a model of this name exists
       already, adds the file as its next version. A folder may be a model of Triton, of MLflow (flavour onnx) or of
       Hugging Face. --from <folder or URL> is the same.
  --name            the name of the model: ${NAME_RULE}
  --mutation        its GraphQL field; default predict<Name>
  --version         the number of the version; default 1, or the number after the newest version
  --example         a row to run, such as '{"x": 1.5}', a list of rows, or a file with a row, a list, or one row per
                    line. May be repeated. By default plain rows are tried. The answers become the golden rows.
  --leave-out       an output that is not served. May be repeated.
  --max-batch-size  the most rows in one run. By default trial runs tell.
       A folder with code is added in the same way: with predictor.py, predictor.js or .ts, or a program serve. Its
       manifest is its model.json, or is made from what its metadata() says: see docs/runtimes.md.
  --runtime, --entry  what runs it, and the class; default by the file that the folder has

golden makes new golden rows for versions that were added, and a new example for the manifest if the old one does not
       fit. Use it after a change of names or limits in model.json. The rows are those of --example, or plain rows
       within the limits; the answers are the model's own. Versions with golden rows from training are refused.

check  loads versions as a worker does, compares manifest and graph, and runs the golden rows alone and in full batches.
list   lists the models and their versions; with --registry those of the registry, also retired ones.
wheels downloads the packages that requirements.txt of a model pins into its folder wheels, for trainers without a network.

push   brings a version of MODELS_DIR into the registry, signed by MODEL_SIGNING_KEY_FILE if that is set. Then workers on
       machines without this MODELS_DIR serve it, too. It keeps its number.
pull   brings a version of the registry into MODELS_DIR.
retire ends a version of the registry. Its number is not used again.

MODELS_DIR (default models) is the folder of the models. EXECUTION_PROVIDERS and SESSION_THREADS apply to check,
SESSION_MAX_MIB to add, golden and check. NATS_URL names the broker of the registry. If it is unset, it is the broker of the
npm start that uses DATA_DIR.`;

/** What the command has from its process. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** @returns the exit code. */
export async function runModelCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return await run(args, surroundings);
  } catch (error) {
    if (error instanceof UsageError) {
      surroundings.printError(`model: ${error.message}\n${USAGE}`);
      return 2;
    }
    surroundings.printError(`model: ${isExpected(error) ? error.message : inspect(error)}`);
    return 1;
  }
}

/**
 * Whether the message alone explains the error to the user. Other errors are defects, and are shown with their stack.
 */
function isExpected(error: unknown): error is Error {
  return (
    error instanceof ModelFileError ||
    error instanceof CannotRegister ||
    error instanceof ConfigurationError ||
    error instanceof RequestError ||
    error instanceof LoadRefused ||
    error instanceof PythonError ||
    error instanceof RunTimedOut ||
    error instanceof SessionCrashed ||
    (error instanceof Error && 'syscall' in error)
  );
}

async function run(line: readonly string[], surroundings: Surroundings): Promise<number> {
  const { env } = surroundings;
  const [command, ...args] = line;
  if (line.includes('--help') || line.includes('-h')) {
    surroundings.print(HELP);
    return 0;
  }
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    logFatal(error, 'model', { ...env, LOG_FORMAT: env.LOG_FORMAT || 'pretty' });
    return 1;
  }
  switch (command) {
    case 'add':
      return add(args, config, surroundings);
    case 'golden':
      return golden(args, config, surroundings);
    case 'check':
      return check(args, config, surroundings);
    case 'list':
      return list(args, config, surroundings);
    case 'wheels':
      return wheels(args, config, surroundings);
    case 'push':
    case 'pull':
    case 'retire':
      return inRegistry(command, args, config, surroundings);
    default:
      throw new UsageError(
        `expected add, golden, check, list, wheels, push, pull or retire, got ${command ?? 'none'}`,
      );
  }
}

async function add(args: string[], config: Config, { env, print }: Surroundings): Promise<number> {
  const { values, subject } = readArguments(args, {
    from: { type: 'string' },
    name: { type: 'string' },
    mutation: { type: 'string' },
    version: { type: 'string' },
    example: { type: 'string', multiple: true },
    'leave-out': { type: 'string', multiple: true },
    'max-batch-size': { type: 'string' },
    runtime: { type: 'string' },
    entry: { type: 'string' },
  });
  if (subject !== undefined && values.from !== undefined)
    throw new UsageError(`expected one of ${subject} and --from ${values.from}, got both`);
  const from = subject ?? values.from;
  if (from === undefined)
    throw new UsageError('expected the path of an ONNX file, or of a folder with code, got none');
  const { modelsDir } = config;
  const { maxMib } = await sessionLimit({ ...config, ...LOADING });
  const options = {
    modelsDir,
    maxMib,
    model:
      fitting('--name', values.name, /^[a-z][a-z0-9-]{0,62}$/, NAME_RULE) ??
      missing(`--name <name>${takenByNpm('name', env)}`),
    mutation: fitting('--mutation', values.mutation, /^[a-z][A-Za-z0-9]{0,62}$/, MUTATION_RULE),
    version: wholeNumber('--version', values.version),
    maxBatchSize: wholeNumber('--max-batch-size', values['max-batch-size'], MAX_RUN_ROWS),
    examples: await readExamples(values.example ?? []),
    leaveOut: values['leave-out'] ?? [],
  };
  const { runtime, entry } = values;
  if ((await isFolder(from)) && (runtime !== undefined || !(await holdsOnnx(from)))) {
    print(await addedReport(await addCode({ ...options, file: from, runtime, entry }), modelsDir));
    return 0;
  }
  await using source = await findSource(from);
  const { file, notes } = source;
  const maxBatchSize =
    options.maxBatchSize ?? (isThere(modelsDir, options.model) ? undefined : source.maxBatchSize);
  const added = await addModel({ ...options, file, maxBatchSize });
  print([await addedReport(added, modelsDir), ...notes].join('\n\n'));
  return 0;
}

async function wheels(args: string[], { modelsDir }: Config, { print }: Surroundings): Promise<number> {
  const { subject } = readArguments(args, {});
  if (subject === undefined) throw new UsageError('expected the name of a model, got none');
  print(await gatherWheels(modelsDir, subject));
  return 0;
}

/** A new version does not change the batch size of its model. */
function isThere(modelsDir: string, model: string): boolean {
  return existsSync(join(modelsDir, model));
}

async function golden(args: string[], config: Config, { print }: Surroundings): Promise<number> {
  const { modelsDir } = config;
  const { maxMib } = await sessionLimit({ ...config, ...LOADING });
  const { values, subject } = readArguments(args, { example: { type: 'string', multiple: true } });
  const { model, version } = modelAndVersion(subject);
  const manifest = await readManifestWithAnyExample(modelsDir, model);
  const versions = await presentVersions(modelsDir, model, version);
  const examples = await readExamples(values.example ?? []);
  print(renewedReport(await renewGolden({ modelsDir, manifest, versions, examples, maxMib }), model));
  return 0;
}

async function check(args: string[], config: Config, { print, printError }: Surroundings): Promise<number> {
  const { modelsDir, executionProviders, sessionThreads: threads } = config;
  const { maxMib } = await sessionLimit(config);
  const { model, version: wanted } = modelAndVersion(readArguments(args, {}).subject);
  const manifest = await readManifestWithAnyExample(modelsDir, model);
  await refuseAtStart(manifest, modelsDir);
  const reports: VersionReport[] = [];
  for (const version of await versionsToCheck(modelsDir, manifest, wanted)) {
    const folder = join(modelsDir, model, version);
    reports.push(await checkVersion({ manifest, version, folder, executionProviders, threads, maxMib }));
  }
  if (reports.length === 0) print(`${model} has no version yet: trainModel makes its first one`);
  else print([formatReports(manifest, reports), ...warningNotes(reports)].join('\n'));
  const passedOver = new Set(reports.flatMap(({ loaded }) => loaded?.passedOver ?? []));
  for (const reason of passedOver) print(`passed over: ${reason}`);
  const refused = reports.filter(({ problem }) => problem !== undefined);
  for (const { version, problem } of refused) printError(`\n${model}/${version} is refused: ${problem}`);
  const recipeProblem = missingRecipe(manifest, join(modelsDir, model));
  if (recipeProblem !== undefined) printError(`\n${model}/model.json: ${recipeProblem}`);
  return refused.length === 0 && recipeProblem === undefined ? 0 : 1;
}

/** None of a model whose first version has yet to be trained. @throws {ModelFileError} if there is none. */
async function versionsToCheck(
  modelsDir: string,
  { name, training }: Manifest,
  wanted: string | undefined,
): Promise<readonly string[]> {
  const isUntrained = training !== undefined && (await versionsIn(join(modelsDir, name))).length === 0;
  return isUntrained && wanted === undefined ? [] : presentVersions(modelsDir, name, wanted);
}

/** @throws {ModelFileError} naming a fault of the manifest that would stop gateways and workers at their start. */
async function refuseAtStart(manifest: Manifest, modelsDir: string): Promise<void> {
  const { name } = manifest;
  const folder = join(modelsDir, name);
  const example = exampleProblem(manifest);
  const problem =
    (example && `${example}. Make a new one: npm run model -- golden ${name}`) ??
    missingVersionProblem(manifest, await versionsIn(folder)) ??
    (await namesProblem(manifest, modelsDir));
  if (problem !== undefined) throw new ModelFileError(`${join(folder, 'model.json')}: ${problem}`);
}

async function inRegistry(
  command: 'push' | 'pull' | 'retire',
  args: string[],
  config: Config,
  { print }: Surroundings,
): Promise<number> {
  const { positionals } = parseStrictly(args, {});
  const { model, version } = modelAndVersion(positionals.join('/') || undefined);
  if (version === undefined || !isVersionName(version))
    throw new UsageError(`expected <name> <version>, such as churn 2, got ${positionals.join(' ')}`);
  const target = { model, version };
  await using registry = await openRegistry(config);
  if (command === 'push') print(await push(registry, target, config));
  else if (command === 'pull') print(await pull(registry, target, config));
  else print(await retire(registry, target));
  return 0;
}

async function list(args: string[], config: Config, { print }: Surroundings): Promise<number> {
  const { modelsDir } = config;
  const { values, subject } = readArguments(args, { registry: { type: 'boolean' } });
  if (subject !== undefined) throw new UsageError(`expected nothing after list, got ${subject}`);
  if (values.registry) {
    await using registry = await openRegistry(config);
    print(await listRegistry(registry));
    return 0;
  }
  const models = await modelsIn(modelsDir);
  const rows = models.map(async (model) => {
    const { graphql, description } = await readManifest(modelsDir, model);
    const versions = await versionsIn(join(modelsDir, model));
    return [model, versions.join(', '), graphql.mutation, description];
  });
  print(formatTable([['model', 'versions', 'mutation', 'description'], ...(await Promise.all(rows))]));
  return 0;
}

function modelAndVersion(subject: string = missing('<name> or <name>/<version>')) {
  const [model = '', version, ...more] = subject.split('/');
  if (more.length > 0) throw new UsageError(`expected <name> or <name>/<version>, got ${subject}`);
  return { model, version };
}

/** The wanted version, or all versions. @throws {ModelFileError} if there is none. */
async function presentVersions(
  modelsDir: string,
  model: string,
  wanted: string | undefined,
): Promise<readonly string[]> {
  const present = await versionsIn(join(modelsDir, model));
  const versions = present.filter((version) => wanted === undefined || version === wanted);
  if (versions.length > 0) return versions;
  const found = present.join(', ') || 'none';
  throw new ModelFileError(`${join(modelsDir, model)} must have version ${wanted ?? '1'}, found ${found}`);
}

/** @returns the options, and the one argument that is no option; undefined if there is no such argument. */
function readArguments<const Options extends ParseArgsOptionsConfig>(args: string[], options: Options) {
  const { values, positionals, tokens } = parseStrictly(args, options);
  refuseRepeated(
    tokens.flatMap((token) => (token.kind === 'option' && !options[token.name]?.multiple ? token.name : [])),
  );
  const [subject, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`expected one argument, got ${positionals.join(' ')}`);
  return { values, subject };
}

/** Refuses an option that is given twice: otherwise only its last value would count, without a warning. */
function refuseRepeated(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
}

/** The hint for `npm run model add … --name x`: without -- before the arguments, npm keeps the option for itself. */
function takenByNpm(option: string, env: NodeJS.ProcessEnv): string {
  const isTaken = env[`npm_config_${option}`] !== undefined;
  return isTaken ? ' (npm kept it: write npm run model -- add …, with the two dashes)' : '';
}

function missing(what: string): never {
  throw new UsageError(`expected ${what}, got none`);
}

/** @param rule the pattern in words. */
function fitting(
  option: string,
  value: string | undefined,
  pattern: RegExp,
  rule: string,
): string | undefined {
  if (value === undefined || pattern.test(value)) return value;
  throw new UsageError(`${option} must be ${rule}, got ${value}`);
}

function wholeNumber(option: string, text: string | undefined, maximum = 999_999_999): number | undefined {
  const rule = `a whole number from 1 to ${maximum}`;
  const digits = fitting(option, text, /^[1-9][0-9]*$/, rule);
  if (digits === undefined) return undefined;
  if (Number(digits) <= maximum) return Number(digits);
  throw new UsageError(`${option} must be ${rule}, got ${digits}`);
}
