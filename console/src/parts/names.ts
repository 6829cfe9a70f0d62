/** Names and units of fields, as people read them. */

/** Abbreviations in names. */
const WRITTEN: Readonly<Record<string, string>> = { id: 'ID', usd: 'USD', url: 'URL' };
/** What they, and numbers, are in units. */
const SPELLED: Readonly<Record<string, string>> = { usd: 'us dollars', pp: 'parts per', ten: '10' };

interface NamedField {
  readonly name: string;
  readonly unit: string | null;
}

/** A name such as `tripDistanceMiles` as words: "Trip distance miles". */
export function wordsOf(name: string): string {
  return sentenceOf(partsOf(name));
}

/** The name of a field as words, without a unit at its end: that stands beside it. */
export function labelOf({ name, unit }: NamedField): string {
  const parts = partsOf(name);
  const shown = `${unitOf({ unit })?.toLowerCase().replaceAll(' of ', ' ')} `;
  const begin = parts.findIndex((_, i) => i > 0 && shown.startsWith(`${spelled(parts.slice(i))} `));
  return sentenceOf(begin < 0 ? parts : parts.slice(0, begin));
}

/** Such as "Trip distance (miles)". */
export function labelWithUnit(field: NamedField): string {
  const label = labelOf(field);
  const unit = unitOf(field);
  return unit === null || unit.toLowerCase() === label.toLowerCase() ? label : `${label} (${unit})`;
}

/** @returns null also for probabilities, which are shown in percent. */
export function unitOf({ unit }: Pick<NamedField, 'unit'>): string | null {
  return isProbability({ unit }) ? null : unit;
}

export function isProbability({ unit }: Pick<NamedField, 'unit'>): boolean {
  return unit === 'probability';
}

function partsOf(name: string): readonly string[] {
  return name
    .replaceAll('_', ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([a-z])(\d)/g, '$1 $2')
    .toLowerCase()
    .split(' ');
}

function sentenceOf(parts: readonly string[]): string {
  const words = parts.map((part) => WRITTEN[part] ?? part).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function spelled(parts: readonly string[]): string {
  return parts.map((part) => SPELLED[part] ?? part).join(' ');
}
