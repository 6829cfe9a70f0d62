/** Makes GraphQL names from the names of tensors and from the name of a new model. */

const MAX_LENGTH = 63;

/** @returns a camelCase GraphQL name for each tensor. If two would be the same, the later one gets a number. */
export function fieldNames(tensors: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const [i, tensor] of tensors.entries()) {
    const wanted = camelCase(tensor) ?? `value${i + 1}`;
    let name = wanted.slice(0, MAX_LENGTH);
    for (let number = 2; taken.has(name); number++) {
      name = `${wanted.slice(0, MAX_LENGTH - String(number).length)}${number}`;
    }
    taken.add(name);
    names.set(tensor, name);
  }
  return names;
}

/** `trip-duration` → `predictTripDuration`. */
export function mutationFor(model: string): string {
  return `predict${capitalise(camelCase(model) ?? model)}`.slice(0, MAX_LENGTH);
}

/** `predictTrip` → `PredictTripInput` and `TripPrediction`; `score` → `ScoreInput` and `ScorePrediction`. */
export function typesFor(mutation: string): { readonly inputType: string; readonly predictionType: string } {
  const subject = /^predict(?=[A-Z])/.test(mutation) ? mutation.slice('predict'.length) : mutation;
  const typeName = (stem: string, ending: string) =>
    `${capitalise(stem).slice(0, MAX_LENGTH - ending.length)}${ending}`;
  return { inputType: typeName(mutation, 'Input'), predictionType: typeName(subject, 'Prediction') };
}

/** Latin letters that are not a plain letter with an accent, and how they are written in plain letters. */
const SPELLED_OUT: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** @returns undefined if the text has no letter or digit that GraphQL allows, or has a letter that would be lost. */
function camelCase(text: string): string | undefined {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[ßæœøłđðþı]/gi, (letter) => SPELLED_OUT[letter.toLowerCase()] ?? letter);
  if (/[^\p{ASCII}]/u.test(plain.replaceAll(/\P{Letter}/gu, ''))) return undefined;
  const words = plain.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g);
  if (words === null) return undefined;
  const [first = '', ...others] = words.map((word) => word.toLowerCase());
  const name = [first, ...others.map(capitalise)].join('');
  return /^[0-9]/.test(name) ? `value${name}` : name;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
