/** Reads the parameters of a recipe from a command line, as the manifest has them. */
import type { TrainingParam } from '../../models/training.ts';
import { UsageError } from '../commandLine.ts';

export type ParamValues = Readonly<Record<string, number | string | boolean>>;

/**
 * @param given such as `trees=100`.
 * @returns all parameters; those that are not given have their defaults.
 * @throws {UsageError} naming a parameter that there is not, or a value that is not allowed.
 */
export function readParams(params: readonly TrainingParam[], given: readonly string[]): ParamValues {
  const values = new Map<string, number | string | boolean>(
    params.map((param) => [param.name, param.default]),
  );
  for (const text of given) {
    const [name = '', ...rest] = text.split('=');
    const param = params.find((known) => known.name === name);
    if (param === undefined)
      throw new UsageError(
        `expected --param of ${params.map((known) => known.name).join(', ') || 'no parameter, since the manifest has none'}, got ${name}`,
      );
    values.set(name, readValue(param, rest.join('=')));
  }
  return Object.fromEntries(values);
}

function readValue(param: TrainingParam, text: string): number | string | boolean {
  switch (param.type) {
    case 'choice':
      if (param.values.includes(text)) return text;
      throw wrong(param, `one of ${param.values.join(', ')}`, text);
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw wrong(param, 'true or false', text);
    default: {
      const { minimum, maximum, type } = param;
      const value = text.trim() === '' ? Number.NaN : Number(text);
      const fits = value >= minimum && value <= maximum && (type !== 'int32' || Number.isInteger(value));
      if (fits) return value;
      throw wrong(
        param,
        `a ${type === 'int32' ? 'whole number' : 'number'} from ${minimum} to ${maximum}`,
        text,
      );
    }
  }
}

function wrong({ name }: TrainingParam, expected: string, got: string): UsageError {
  return new UsageError(`expected ${expected} as --param ${name}, got ${got || 'nothing'}`);
}
