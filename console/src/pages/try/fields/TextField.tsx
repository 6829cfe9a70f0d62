import { Textarea, TextInput } from '@mantine/core';
import { labelWithUnit } from '../../../parts/names.ts';
import type { InputFieldProps } from './InputField.tsx';
import { Meaning } from './Meaning.tsx';

const NUMBER = /^(U?INT|FLOAT)/;

/** Numbers, lists of them, texts, and times. */
export function TextField({ field, draft, onChange, problem }: InputFieldProps) {
  const { kind, valueType, size, default: byDefault } = field;
  const common = {
    label: labelWithUnit(field),
    description: <Meaning field={field} />,
    inputWrapperOrder: ['label', 'input', 'description', 'error'] as (
      | 'label'
      | 'input'
      | 'description'
      | 'error'
    )[],
    value: typeof draft === 'string' ? draft : '',
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => onChange(currentTarget.value),
    error: problem,
    placeholder: byDefault === null ? undefined : byDefault.replace(/^"|"$/g, ''),
    withAsterisk: byDefault === null,
  };
  if (kind === 'TEXT' || size !== null || (valueType === 'STRING' && (field.maxLength ?? 0) > 100))
    return <Textarea {...common} autosize minRows={kind === 'TEXT' ? 4 : 2} maxRows={12} />;
  if (valueType === 'DATE_TIME') return <TextInput {...common} type={typeOfTime(common.value)} step={1} />;
  return <TextInput {...common} inputMode={NUMBER.test(valueType) ? 'decimal' : 'text'} />;
}

/** The browser's control for times cannot show `now`, or a time with an offset. */
function typeOfTime(value: string): 'text' | 'datetime-local' {
  return value === '' || /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(value) ? 'datetime-local' : 'text';
}
