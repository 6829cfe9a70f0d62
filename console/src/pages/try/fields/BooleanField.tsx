import { Checkbox } from '@mantine/core';
import { labelOf } from '../../../parts/names.ts';
import type { InputFieldProps } from './InputField.tsx';
import { Meaning } from './Meaning.tsx';

export function BooleanField({ field, draft, onChange, problem }: InputFieldProps) {
  return (
    <Checkbox
      label={labelOf(field)}
      description={<Meaning field={field} />}
      checked={typeof draft === 'boolean' ? draft : field.default === 'true'}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      error={problem}
      mt={6}
    />
  );
}
