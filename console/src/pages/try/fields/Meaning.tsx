import { useState } from 'react';
import type { ModelField } from '../../../api/models.ts';
import { labelOf } from '../../../parts/names.ts';
import { factsOf } from './about.ts';

/** Longer texts show only their beginning at first, so that a form stays short. */
const MAX_CHARACTERS = 130;
const BEGINNING_CHARACTERS = 90;

/** Limits of an input, then its meaning. */
export function Meaning({ field }: { readonly field: ModelField }) {
  const [isWhole, setWhole] = useState(false);
  const facts = factsOf(field);
  const text = facts === '' ? field.description : `${facts}. ${field.description}`;
  if (text.length <= MAX_CHARACTERS) return text;
  const lastSpace = text.lastIndexOf(' ', BEGINNING_CHARACTERS);
  const beginning = text.slice(0, lastSpace === -1 ? BEGINNING_CHARACTERS : lastSpace);
  return (
    <>
      {isWhole ? text : `${beginning} …`}{' '}
      <button
        type="button"
        className="link"
        aria-label={`${isWhole ? 'Less' : 'More'} about ${labelOf(field)}`}
        onClick={() => setWhole(!isWhole)}
      >
        {isWhole ? 'Less' : 'More'}
      </button>
    </>
  );
}
