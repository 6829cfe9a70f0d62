/** What a form begins with: the example of the model. */
import type { Model, ModelField } from '../../api/models.ts';
import type { Draft } from './draft.ts';
import { tensorDraftOf } from './tensorDraft.ts';

export type Drafts = Readonly<Record<string, Draft>>;

export function exampleDrafts({ example, inputs }: Model): Drafts {
  const values: Readonly<Record<string, unknown>> = JSON.parse(example);
  return Object.fromEntries(inputs.map((field) => [field.name, exampleDraft(field, values[field.name])]));
}

function exampleDraft(field: ModelField, value: unknown): Draft {
  if (value === undefined) return undefined;
  if (field.kind === 'IMAGE' || field.kind === 'AUDIO') return exampleFile(field, value);
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' && value !== null ? tensorDraftOf(value) : String(value);
}

function exampleFile({ kind }: ModelField, value: unknown): Draft {
  const { base64 } = value as { readonly base64?: string };
  if (base64 === undefined) return undefined;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: kind === 'IMAGE' ? 'image/png' : 'audio/wav' });
}
