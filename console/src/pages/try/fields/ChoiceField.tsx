import { Select } from '@mantine/core';
import { labelOf } from './about.ts';
import type { InputFieldProps } from './InputField.tsx';
import { Meaning } from './Meaning.tsx';

/** One of the values of an enum. */
export function ChoiceField({ field, draft, onChange, problem }: InputFieldProps) {
  const { values, default: byDefault } = field;
  return (
    <Select
      label={labelOf(field)}
      description={<Meaning field={field} />}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={values ?? []}
      value={typeof draft === 'string' ? draft : null}
      onChange={(value) => onChange(value ?? undefined)}
      placeholder={byDefault ?? undefined}
      clearable={byDefault !== null}
      searchable={(values?.length ?? 0) > 10}
      withAsterisk={byDefault === null}
      error={problem}
    />
  );
}
