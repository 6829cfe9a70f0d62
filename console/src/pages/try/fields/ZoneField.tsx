import { Select } from '@mantine/core';
import { labelOf } from '../../../parts/names.ts';
import { ZONES, zoneLabel } from '../zones/zones.ts';
import type { InputFieldProps } from './InputField.tsx';
import { Meaning } from './Meaning.tsx';

const CHOICES = ZONES.map((zone) => ({ value: String(zone.id), label: zoneLabel(zone) }));

/** A taxi zone by its number or name: what the map does, for the keyboard. */
export function ZoneField({ field, draft, onChange, problem }: InputFieldProps) {
  return (
    <Select
      label={labelOf(field)}
      description={<Meaning field={field} />}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      data={CHOICES}
      value={typeof draft === 'string' ? draft : null}
      onChange={(value) => onChange(value ?? undefined)}
      searchable
      limit={100}
      nothingFoundMessage="No such zone"
      withAsterisk={field.default === null}
      error={problem}
    />
  );
}
