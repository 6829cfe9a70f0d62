/** The parameters of a training: what the manifest allows, and what a client has set. */
import { badValue, quoted } from '../contract/errors.ts';
import type { TrainingAsk } from '../contract/work.ts';
import type { ManifestTraining, TrainingParam } from '../models/training.ts';

/** By name, as a client has given them. Those that are absent or null get their default. */
export type GivenParams = Readonly<Record<string, unknown>>;

/** @throws {RequestError} `BAD_USER_INPUT`. */
export function checkParams({ params }: ManifestTraining, given: GivenParams): TrainingAsk['params'] {
  const unknown = Object.keys(given).find((name) => !params.some((param) => param.name === name));
  if (unknown !== undefined)
    throw badValue('params', `parameters of the recipe (${namesOf(params)})`, quoted(unknown));
  return Object.fromEntries(
    params.map((param) => [
      param.name,
      given[param.name] == null ? param.default : paramValue(param, given[param.name]),
    ]),
  );
}

function paramValue(param: TrainingParam, given: unknown): number | string | boolean {
  const field = `params.${param.name}`;
  if (param.type === 'boolean') {
    if (typeof given === 'boolean') return given;
    throw badValue(field, 'true or false', String(given));
  }
  if (param.type === 'choice') {
    if (typeof given === 'string' && param.values.includes(given)) return given;
    throw badValue(field, `one of ${param.values.join(', ')}`, quoted(String(given)));
  }
  const { type, minimum, maximum, unit } = param;
  const isKind = typeof given === 'number' && (type === 'float64' || Number.isInteger(given));
  if (isKind && given >= minimum && given <= maximum) return given;
  const kind = type === 'int32' ? 'a whole number' : 'a number';
  throw badValue(field, `${kind} from ${minimum} to ${maximum} (${unit})`, String(given), {
    limits: { minimum, maximum },
  });
}

function namesOf(params: readonly TrainingParam[]): string {
  return params.length === 0 ? 'it has none' : params.map(({ name }) => name).join(', ');
}
