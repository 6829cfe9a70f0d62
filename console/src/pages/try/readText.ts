/** Reads values that were written as texts, in a form or in a cell of a file. Limits are left to the gateway. */
import type { ModelField } from '../../api/models.ts';

export type Read = { readonly value: unknown } | { readonly problem: string };

const WHOLE = /^U?INT/;

export function readText(field: ModelField, text: string): Read {
  const { name, valueType, size, values, modelValues } = field;
  if (field.kind === 'TEXT') return { value: text };
  if (size !== null) return readNumbers(field, text);
  switch (valueType) {
    case 'STRING':
    case 'DATE_TIME':
      return { value: text };
    case 'BOOLEAN':
      if (/^(true|1|yes)$/i.test(text.trim())) return { value: true };
      if (/^(false|0|no)$/i.test(text.trim())) return { value: false };
      return { problem: `${name} must be true or false, got ${text}` };
    case 'ENUM': {
      const wanted = text.trim();
      // Data files have the model's own values.
      const value = values?.includes(wanted) ? wanted : values?.[modelValues?.indexOf(wanted) ?? -1];
      return value === undefined
        ? { problem: `${name} must be one of ${values?.join(', ')}, got ${text}` }
        : { value };
    }
    default:
      return readNumber(field, text);
  }
}

export function readNumber({ name, valueType }: ModelField, text: string): Read {
  const trimmed = text.trim();
  const number = Number(trimmed);
  if (trimmed === '' || Number.isNaN(number)) return { problem: `${name} must be a number, got ${text}` };
  if (!WHOLE.test(valueType)) return { value: number };
  if (!/^[+-]?\d+(\.0+)?$/.test(trimmed)) return { problem: `${name} must be a whole number, got ${text}` };
  // JSON has no exact numbers beyond these: they are sent as texts of digits.
  return { value: Number.isSafeInteger(number) ? number : trimmed.replace(/\.0+$|^\+/g, '') };
}

function readNumbers(field: ModelField, text: string): Read {
  const parts = text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(/[\s,;]+/)
    .filter((part) => part !== '');
  if (parts.length !== field.size)
    return { problem: `${field.name} must have ${field.size} numbers, got ${parts.length}` };
  const read = parts.map((part) => readNumber(field, part));
  return (
    read.find((one) => 'problem' in one) ?? { value: read.map((one) => ('value' in one ? one.value : 0)) }
  );
}
