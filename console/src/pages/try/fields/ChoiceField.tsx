import { Select } from '@mantine/core';
import { labelOf, wordsOf } from '../../../parts/names.ts';
import type { InputFieldProps } from './InputField.tsx';
import { Meaning } from './Meaning.tsx';

/** Such as M, or 12. */
const LONGEST_CODE = 2;

/** One of the values of an enum. */
export function ChoiceField({ field, draft, onChange, problem }: InputFieldProps) {
  const { values, modelValues, default: byDefault } = field;
  // The model's own values are texts for people, unless they are codes.
  const choices = values?.map((value, i) => ({ value, label: textOf(value, modelValues?.[i]) })) ?? [];
  return (
    <Select
      label={labelOf(field)}
      description={<Meaning field={field} />}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={choices}
      value={typeof draft === 'string' ? draft : null}
      onChange={(value) => onChange(value ?? undefined)}
      placeholder={choices.find(({ value }) => value === byDefault)?.label}
      clearable={byDefault !== null}
      searchable={choices.length > 10}
      withAsterisk={byDefault === null}
      error={problem}
    />
  );
}

/** @param own the model's own value. */
function textOf(value: string, own = ''): string {
  return own.length > LONGEST_CODE ? own : wordsOf(value);
}
