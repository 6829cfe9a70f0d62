import { FileInput, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core';
import { labelOf } from '../../../parts/names.ts';
import { Sparkline } from '../../../parts/Sparkline.tsx';
import type { TensorDraft } from '../tensorDraft.ts';
import { FieldFrame } from './FieldFrame.tsx';
import type { InputFieldProps } from './InputField.tsx';

const EMPTY: TensorDraft = { form: 'list', text: '', shape: '' };
const FORMS = [
  { value: 'list', label: 'Elements' },
  { value: 'fill', label: 'One value for all' },
  { value: 'file', label: 'File of bytes' },
] as const;

/** The elements of a tensor: as a list, one value for all, or a file with their bytes. */
export function TensorField({ field, draft, onChange, problem }: InputFieldProps) {
  const tensor = typeof draft === 'object' && 'form' in draft ? draft : EMPTY;
  const change = (part: Partial<TensorDraft>) => onChange({ ...tensor, ...part });
  const isText = field.valueType === 'STRING';
  const varying = field.shape?.filter(({ size }) => size === null).length ?? 0;
  const label = labelOf(field);
  return (
    <FieldFrame field={field} problem={problem}>
      <Stack gap={6} mt={4}>
        {!isText && (
          <SegmentedControl
            size="xs"
            data={[...FORMS]}
            value={tensor.form}
            onChange={(form) => change({ form: form as TensorDraft['form'] })}
            aria-label={`${label}: how it is given`}
            transitionDuration={0}
          />
        )}
        {tensor.form === 'list' && (
          <Textarea
            aria-label={`${label}: elements`}
            value={tensor.text}
            onChange={({ currentTarget }) => change({ text: currentTarget.value })}
            placeholder={isText ? 'One text a line' : '1, 2.5, 3 or a list in JSON'}
            autosize
            minRows={3}
            maxRows={10}
            ff="monospace"
          />
        )}
        {tensor.form === 'fill' && (
          <TextInput
            aria-label={`${label}: the value of all elements`}
            inputMode="decimal"
            value={tensor.text}
            onChange={({ currentTarget }) => change({ text: currentTarget.value })}
          />
        )}
        {tensor.form === 'file' && (
          <FileInput
            aria-label={`${label}: a file with the bytes of its elements, little-endian`}
            placeholder="Choose a file with the bytes, little-endian"
            value={tensor.file instanceof File ? tensor.file : null}
            onChange={(file) => change({ file: file ?? undefined })}
          />
        )}
        {(varying > 1 || (varying > 0 && tensor.form !== 'list')) && (
          <TextInput
            aria-label={`${label}: shape`}
            placeholder={`Shape: ${field.shape?.map(({ size, axis }) => size ?? axis?.name ?? '?').join(' × ')}`}
            value={tensor.shape}
            onChange={({ currentTarget }) => change({ shape: currentTarget.value })}
          />
        )}
        {tensor.form === 'list' && field.shape?.length === 1 && <Sparkline values={numbersIn(tensor.text)} />}
      </Stack>
    </FieldFrame>
  );
}

function numbersIn(text: string): readonly number[] {
  return text
    .split(/[\s,;[\]]+/)
    .filter((part) => part !== '')
    .map(Number)
    .filter(Number.isFinite);
}
