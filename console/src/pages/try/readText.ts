/** Reads values that were written as texts, in a form or in a cell of a file. Problems have the words of the gateway. */
import type { ModelField } from '../../api/models.ts';
import { unitOf } from '../../parts/names.ts';

export type Read = { readonly value: unknown } | { readonly problem: string };

export const MISSING: Read = { problem: 'A value is needed.' };
const WHOLE = /^U?INT/;

export function readText(field: ModelField, text: string): Read {
  const { valueType, size, values, modelValues } = field;
  if (field.kind === 'TEXT') return { value: text };
  if (size !== null) return readNumbers(field, text);
  switch (valueType) {
    case 'STRING':
    case 'DATE_TIME':
      return { value: text };
    case 'BOOLEAN':
      if (/^(true|1|yes)$/i.test(text.trim())) return { value: true };
      if (/^(false|0|no)$/i.test(text.trim())) return { value: false };
      return { problem: `Must be true or false, got ${text}` };
    case 'ENUM': {
      const wanted = text.trim();
      // Data files have the model's own values.
      const value = values?.includes(wanted) ? wanted : values?.[modelValues?.indexOf(wanted) ?? -1];
      return value === undefined
        ? { problem: `Must be one of ${values?.join(', ')}, got ${text}` }
        : { value };
    }
    default:
      return readNumber(field, text);
  }
}

export function readNumber(field: ModelField, text: string): Read {
  const { valueType, minimum, maximum } = field;
  const trimmed = text.trim();
  const number = Number(trimmed);
  const isWhole = WHOLE.test(valueType);
  if (trimmed === '' || Number.isNaN(number)) return { problem: `Must be a number, got ${text}` };
  if (isWhole && !/^[+-]?\d+(\.0+)?$/.test(trimmed))
    return { problem: `Must be a whole number, got ${text}` };
  if ((minimum !== null && number < minimum) || (maximum !== null && number > maximum))
    return { problem: `Must be ${limitsOf(field, isWhole)}, got ${text}` };
  // JSON has no exact numbers beyond these: they are sent as texts of digits.
  return { value: isWhole && !Number.isSafeInteger(number) ? trimmed.replace(/\.0+$|^\+/g, '') : number };
}

function limitsOf(field: ModelField, isWhole: boolean): string {
  const { minimum, maximum } = field;
  const least = minimum === null ? '' : ` from ${minimum}`;
  const most = maximum === null ? '' : ` to ${maximum}`;
  const unit = unitOf(field);
  return `a ${isWhole ? 'whole ' : ''}number${least}${most}${unit === null ? '' : ` (${unit})`}`;
}

function readNumbers(field: ModelField, text: string): Read {
  const parts = text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(/[\s,;]+/)
    .filter((part) => part !== '');
  if (parts.length !== field.size) return { problem: `Must have ${field.size} numbers, got ${parts.length}` };
  const read = parts.map((part) => readNumber(field, part));
  return (
    read.find((one) => 'problem' in one) ?? { value: read.map((one) => ('value' in one ? one.value : 0)) }
  );
}
