/** The rules of `training` in a manifest that JSON Schema cannot express. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFloat, isMediaOutput, type Manifest, type ManifestOutput, type NumberOutput } from './manifest.ts';
import type { ManifestTraining, MetricGate, TrainingParam } from './training.ts';

/** No path: a recipe lies in the folder of its model itself. */
const RECIPE = /^[\w-]+\.(?:ts|py)$/;
const INT32 = 2 ** 31;
const OF_PROBABILITIES: ReadonlySet<MetricGate['metric']> = new Set(['auc', 'logLoss']);
/** It is of numbers, texts and booleans alike. */
const OF_EQUALITY = 'accuracy';

/** @returns the first rule that is broken, naming the member; undefined if there is none. */
export function trainingProblem(manifest: Manifest): string | undefined {
  const { training } = manifest;
  if (training === undefined) return undefined;
  return (
    recipeProblem(training) ??
    columnsProblem(manifest, training) ??
    targetsProblem(manifest, training) ??
    paramsProblem(training) ??
    gateProblem(manifest, training)
  );
}

/**
 * A recipe that is not there. It keeps no process from starting: a machine that only serves versions needs none.
 *
 * @param folder of the model.
 */
export function missingRecipe({ training }: Manifest, folder: string): string | undefined {
  const { recipe } = training ?? {};
  if (recipe === undefined || existsSync(join(folder, recipe))) return undefined;
  return `training.recipe names ${recipe}, which is not in the folder of the model`;
}

/** Whether a name that a client or a job gives is that of a recipe. @param folder of the model. */
export async function isRecipe(name: string, folder: string): Promise<boolean> {
  const found = RECIPE.test(name) ? await stat(join(folder, name)).catch(() => undefined) : undefined;
  return found?.isFile() ?? false;
}

function recipeProblem({ recipe, command }: ManifestTraining): string | undefined {
  if ((recipe === undefined) !== (command === undefined)) return undefined;
  return `training must have a recipe or a command, got ${recipe === undefined ? 'none' : 'both'}`;
}

function columnsProblem({ inputs }: Manifest, { columns }: ManifestTraining): string | undefined {
  const unknown = Object.keys(columns).find((name) => !inputs.some((input) => input.name === name));
  return unknown && `training.columns names ${unknown}, which is no input`;
}

function targetsProblem({ outputs }: Manifest, { targets }: ManifestTraining): string | undefined {
  for (const name of Object.keys(targets)) {
    const output = outputs.find((each) => each.name === name);
    if (output === undefined) return `training.targets names ${name}, which is no output`;
    if (!isSingle(output))
      return `training.targets names ${name}, and an output with a target is one number, text or boolean`;
  }
  return undefined;
}

function isSingle(output: ManifestOutput): boolean {
  return !isMediaOutput(output) && !('shape' in output) && !('size' in output && output.size !== undefined);
}

function paramsProblem({ params }: ManifestTraining): string | undefined {
  const names = params.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `training.params: ${twice} is named twice`;
  for (const param of params) {
    const problem = paramProblem(param);
    if (problem !== undefined) return `training.params: ${param.name}: ${problem}`;
  }
  return undefined;
}

function paramProblem(param: TrainingParam): string | undefined {
  if (param.type === 'boolean') return undefined;
  if (param.type === 'choice')
    return param.values.includes(param.default)
      ? undefined
      : `default must be one of ${param.values.join(', ')}, got ${param.default}`;
  const { type, minimum, maximum } = param;
  if (minimum > maximum) return 'minimum must not exceed maximum';
  if (param.default < minimum || param.default > maximum)
    return `default must be from ${minimum} to ${maximum}, got ${param.default}`;
  if (isFloat(type)) return undefined;
  const isInt32 = (value: number) => Number.isInteger(value) && value >= -INT32 && value < INT32;
  const wrong = [minimum, maximum, param.default].find((value) => !isInt32(value));
  return wrong === undefined ? undefined : `its numbers must be whole and of 32 bits, got ${wrong}`;
}

function gateProblem({ outputs }: Manifest, { gate, targets }: ManifestTraining): string | undefined {
  for (const [i, metric] of gate.metrics.entries()) {
    const member = `training.gate.metrics[${i}]`;
    const output = outputs.find(({ name }) => name === metric.output);
    if (output === undefined || !(metric.output in targets))
      return `${member} names ${metric.output}, which is no output with a target`;
    const problem = kindProblem(metric, output) ?? limitsProblem(metric);
    if (problem !== undefined) return `${member}: ${problem}`;
  }
  const names = gate.slices.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `training.gate.slices: ${twice} is named twice`;
  for (const { name, mostRatioToLive, leastRatioToLive } of gate.slices)
    if (mostRatioToLive === undefined && leastRatioToLive === undefined)
      return `training.gate.slices: ${name} must have mostRatioToLive or leastRatioToLive, got none`;
  if (gate.slices.length > 0 && gate.metrics.length === 0)
    return 'training.gate.slices compares the metrics of the gate, and the gate has none';
  return undefined;
}

function kindProblem({ metric }: MetricGate, output: ManifestOutput): string | undefined {
  if (metric === OF_EQUALITY) return undefined;
  if (!isNumber(output)) return `${metric} is a figure of numbers, and ${output.name} is ${output.type}`;
  if (OF_PROBABILITIES.has(metric) && !(output.minimum === 0 && output.maximum === 1))
    return `${metric} is a figure of probabilities, whose minimum is 0 and whose maximum is 1`;
  return undefined;
}

function isNumber(output: ManifestOutput): output is NumberOutput {
  return isSingle(output) && output.type !== 'string' && output.type !== 'boolean';
}

function limitsProblem({ most, least, mostRatioToLive, leastRatioToLive }: MetricGate): string | undefined {
  if ([most, least, mostRatioToLive, leastRatioToLive].every((limit) => limit === undefined))
    return 'one of most, least, mostRatioToLive and leastRatioToLive must be given';
  if (most !== undefined && least !== undefined && least > most) return 'least must not exceed most';
  return undefined;
}
