import { Checkbox, NumberInput, Select } from '@mantine/core';
import type { TrainingParameter } from './useTrainableModels.ts';

interface ParamFieldProps {
  readonly param: TrainingParameter;
  /** Undefined: its default. */
  readonly value: string | number | boolean | undefined;
  readonly onChange: (value: string | number | boolean) => void;
}

/** A parameter of a recipe, by its type and its limits. */
export function ParamField({ param, value, onChange }: ParamFieldProps) {
  const { name, type, description, unit, minimum, maximum, values, default: usual } = param;
  if (type === 'boolean')
    return (
      <Checkbox
        label={name}
        description={description}
        checked={value === undefined ? usual === 'true' : value === true}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    );
  if (type === 'choice')
    return (
      <Select
        label={name}
        description={description}
        data={values ?? []}
        value={value === undefined ? usual : String(value)}
        onChange={(chosen) => chosen !== null && onChange(chosen)}
        allowDeselect={false}
      />
    );
  const limits =
    minimum === null && maximum === null ? '' : ` ${minimum ?? 'anything'} to ${maximum ?? 'anything'}.`;
  const number = typeof value === 'boolean' || value === undefined ? usual : value;
  const isOutside =
    number !== '' &&
    ((minimum !== null && Number(number) < minimum) || (maximum !== null && Number(number) > maximum));
  return (
    <NumberInput
      label={unit === null || unit === 'dimensionless' || unit === name ? name : `${name}, ${unit}`}
      description={`${description}${limits}`}
      allowDecimal={type !== 'int32'}
      value={number}
      onChange={onChange}
      clampBehavior="none"
      hideControls
      error={isOutside && `It must be from ${minimum ?? 'anything'} to ${maximum ?? 'anything'}`}
    />
  );
}
