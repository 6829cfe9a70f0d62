/** What a file of rows has to look like for a model: its cells, and a sample to begin with. */
import { csvFormatRows } from 'd3-dsv';
import type { Model, ModelField } from '../../api/models.ts';
import { factsOf } from './fields/about.ts';
import { tensorDraftOf } from './tensorDraft.ts';

export interface ColumnFormat {
  readonly name: string;
  /** What stands in a cell. */
  readonly cell: string;
  readonly example: string;
}

export function columnFormats({ example, inputs }: Model): readonly ColumnFormat[] {
  const values: Readonly<Record<string, unknown>> = JSON.parse(example);
  return inputs.map((field) => {
    const facts = factsOf(field);
    return {
      name: field.name,
      cell: facts === '' ? kindOfCell(field) : `${kindOfCell(field)}. ${facts}`,
      example: cellOf(values[field.name]),
    };
  });
}

/** @returns CSV with a header and the example of the model. */
export function sampleFile(formats: readonly ColumnFormat[]): string {
  return `${csvFormatRows([formats.map(({ name }) => name), formats.map(({ example }) => example)])}\n`;
}

function kindOfCell({ kind, size, shape, valueType, values, unit }: ModelField): string {
  if (kind === 'IMAGE' || kind === 'AUDIO') return 'The bytes of the file in base64';
  if (kind === 'TEXT' || (valueType === 'STRING' && shape === null)) return 'A text';
  if (shape !== null) return 'Elements with spaces or commas between them, or a list in JSON';
  if (size !== null) return 'Numbers with spaces or commas between them';
  if (valueType === 'BOOLEAN') return 'true or false';
  if (valueType === 'ENUM') return `One of ${values?.join(', ')}`;
  if (valueType === 'DATE_TIME') return 'A time such as 2021-02-03T14:30:00';
  const number = /^U?INT/.test(valueType) ? 'A whole number' : 'A number';
  return unit === null ? number : `${number} (${unit})`;
}

function cellOf(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('base64' in value) return String(value.base64);
  const { form, text, shape } = tensorDraftOf(value);
  return form === 'list' && shape === '' ? text : JSON.stringify(value);
}
