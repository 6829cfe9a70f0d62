/** What stands at a control about its input. */
import type { ModelField } from '../../../api/models.ts';
import { wordsOf } from '../../../parts/names.ts';

/** The name of an input as words. */
export function labelOf({ name }: Pick<ModelField, 'name'>): string {
  return wordsOf(name);
}

/** Unit and limits, such as "miles, 0 to 1,000". */
export function factsOf(field: ModelField): string {
  const { unit, size, minimum, maximum, maxLength, maxBytes, kind, timeZone } = field;
  const facts = [
    ...(unit === null ? [] : [unit]),
    ...(size === null ? [] : [`${size} numbers`]),
    ...(minimum === null || maximum === null ? [] : [`${shown(minimum)} to ${shown(maximum)}`]),
    ...(maxLength === null ? [] : [`${shown(maxLength)} characters at most`]),
    ...(maxBytes === null || kind === null ? [] : [`${shownBytes(maxBytes)} at most`]),
    ...(timeZone === null ? [] : [`time in ${timeZone.replaceAll('_', ' ')}`]),
  ];
  return facts.join(', ');
}

export function shownBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}

function shown(number: number): string {
  return Math.abs(number) >= 1e15 ? number.toExponential(2) : number.toLocaleString('en');
}
